"""The migration step that first made the messaging tables, at each service. It stays as it is: later steps build on it."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, text

from shared.database.types import BigKey, Moment


def create(op: Any) -> None:
    """`op` is Alembic's."""
    metadata = MetaData()
    unsent = text("sent_at IS NULL")
    Table(
        "outbox",
        metadata,
        Column("id", BigKey, primary_key=True, autoincrement=True),
        Column("event_id", String(80), nullable=False),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("audience", String(80)),
        Column("body", LargeBinary, nullable=False),
        Column("written_at", Moment, nullable=False),
        Column("due_at", Moment, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("problem", String(80)),
        Column("sent_at", Moment),
        Column("position", BigInteger),
        Index("outbox_unsent", "id", sqlite_where=unsent, postgresql_where=unsent),
        Index("outbox_feed", "audience", "position"),
        Index("outbox_position", "position", unique=True),
        Index("outbox_subject", "subject", "sequence"),
    )
    Table(
        "subjects",
        metadata,
        Column("subject", String(80), primary_key=True),
        Column("sequence", Integer, nullable=False),
    )
    Table(
        "inbox",
        metadata,
        Column("event_id", String(80), primary_key=True),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("taken_at", Moment, nullable=False),
    )
    Table(
        "failures",
        metadata,
        Column("event_id", String(80), primary_key=True),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("size", Integer, nullable=False),
        Column("error", String(80), nullable=False),
        Column("place", String(200), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("failed_at", Moment, nullable=False),
        Column("first_failed_at", Moment, nullable=False),
        Column("due_at", Moment),
        Column("parked_at", Moment),
        Index("failures_due", "due_at"),
        Index("failures_parked", "parked_at"),
    )
    Table(
        "audit",
        metadata,
        Column("id", BigKey, primary_key=True, autoincrement=True),
        Column("at", Moment, nullable=False),
        Column("actor", String(80), nullable=False),
        Column("action", String(80), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("detail", String(500), nullable=False),
    )
    metadata.create_all(op.get_bind())
