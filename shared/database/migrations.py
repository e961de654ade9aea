"""Brings one service's database to the newest shape, once, however many processes ask at the same time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from shared.database.engine import Database

MIGRATION_LOCK = 7701


def migrate(database: Database, versions: Path) -> None:
    """Runs what `versions` (a service's `migrations/` folder) holds and the database lacks. All of it, or nothing."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
