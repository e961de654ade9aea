"""SQLite in a file: WAL, every commit on disk, foreign keys kept, what is deleted overwritten."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url


def engine(url: str, **options: Any) -> Engine:
    """An engine for `sqlite:////…/routing.sqlite3`; makes the folder. A writer says so by the option `writing`."""
    parsed = make_url(url)
    Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
    # The last that was returned is taken first: each has a cache of its own, so that many would hold the same pages.
    made = create_engine(parsed, pool_size=5, max_overflow=50, pool_use_lifo=True, **options)
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=5000",
        "foreign_keys=ON",
        "cache_size=-250",  # kB for each connection; the system keeps pages too, once for all.
        "secure_delete=ON",  # What is deleted is overwritten: a key that was destroyed must not lie in the file.
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: upgrading a reader in mid-transaction fails where waiting would do."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")
