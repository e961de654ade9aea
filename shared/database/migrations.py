"""Brings one service's database to the newest shape, once, however many processes ask at the same time."""

import re
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database.engine import Database

MIGRATION_LOCK = 7701
_REVISION = re.compile(r'^revision = "(.+)"$', re.MULTILINE)


def migrate(database: Database, versions: Path) -> None:
    """Runs what `versions` (a service's `migrations/` folder) holds and the database lacks. All of it, or nothing."""
    if _shape(database) == _newest(versions):
        return
    # Loaded where there is something to do: it takes as long as a tenth of a start, and stays in memory.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _shape(database: Database) -> str | None:
    """The revision that the database has; None where it has none yet."""
    try:
        with database.reading() as connection:
            found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return found
    except DBAPIError:  # Without the table; or it is away, which the next question tells better.
        return None


def _newest(versions: Path) -> str:
    """The revision of the last file: they are numbered, each follows the one before."""
    last = max(versions.glob("[0-9]*.py"))
    found = _REVISION.search(last.read_text(encoding="utf-8"))
    assert found, f"{last.name} names no revision"
    return found[1]
