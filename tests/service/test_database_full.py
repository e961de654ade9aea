"""A database that has no room says so until a while after something was written; PostgreSQL's is filled in tests/faults."""

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from shared.database import engine
from shared.database.engine import Database, is_away

MANY = b"x" * 400_000


def write(database: Database, pages: int, table: str = "things") -> None:
    """Where the file may have so many pages of 4096 bytes."""
    with database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES (?)", (MANY,))


def test_what_does_not_fit_is_remembered_until_a_while_after_something_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path}/one.sqlite3")
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE things (thing BLOB)")
    with pytest.raises(DBAPIError, match="no such table"):
        write(database, 1000, "others")
    assert not database.is_full

    with pytest.raises(DBAPIError) as refused:
        write(database, 20)
    assert is_away(refused.value), "whoever asked is told to come back"
    assert database.is_full
    with pytest.raises(DBAPIError, match="no such table"):
        write(database, 1000, "others")
    assert database.is_full, "that something else was wrong says nothing about room"
    write(database, 1000)
    assert database.is_full, "that one thing fits does not say that the next will"
    monkeypatch.setattr(engine, "STILL_FULL_SECONDS", 0.0)
    assert not database.is_full

    with pytest.raises(DBAPIError):
        write(database, 1)
    assert database.is_full
    monkeypatch.setattr(engine, "FULL_SECONDS", 0.0)
    assert not database.is_full, "nobody writes, and nobody knows any more"
    database.close()
