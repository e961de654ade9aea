"""Databases: SQLite or PostgreSQL behind SQLAlchemy Core, green under eventlet, one engine for each service."""
