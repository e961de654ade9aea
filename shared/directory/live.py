"""The directory that a service goes by: what was published last, kept in the service's own database, else the folder's.

`directory_live` holds one row: the newest publication that has reached this service. `number` counts publications, and the
higher one wins, in whatever order they arrive. A folder is number 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import JSON, Column, Connection, Integer, MetaData, String, Table, delete, func, inspect, select

from shared.database.rows import insert_or
from shared.database.types import Moment
from shared.directory.agency import Directory
from shared.directory.reader import read_directory
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

NAME = "directory_live"
FOLDER = 0


@dataclass(frozen=True)
class Published:
    """One publication: files as text by name, and those of agencies that are in it no more."""

    number: int
    files: Mapping[str, str]
    former: Mapping[str, str]

    def directory(self) -> Directory:
        """Raises DirectoryError where this version of Waypost cannot use it."""
        return read_directory(self.files, self.former)


def add_live_directory_table(metadata: MetaData) -> None:
    """Declares the table in a service's metadata."""
    Table(
        NAME,
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("version", String(80), nullable=False),
        Column("files", JSON, nullable=False),
        Column("former", JSON, nullable=False),
        Column("taken_at", Moment, nullable=False),
    )


def newest_number(connection: Connection, metadata: MetaData) -> int:
    """The number of the newest publication here; FOLDER where there is none."""
    newest = connection.execute(select(func.max(metadata.tables[NAME].c.number))).scalar_one()
    return FOLDER if newest is None else int(newest)


def newest(connection: Connection, metadata: MetaData) -> Published | None:
    """The newest publication here."""
    table = metadata.tables[NAME]
    row = connection.execute(select(table).order_by(table.c.number.desc()).limit(1)).first()
    return None if row is None else Published(row.number, row.files, row.former)


def keep(transaction: Transaction, metadata: MetaData, published: Published, version: str) -> bool:
    """Keeps a publication in the place of those before it. False when it, or a newer one, is here already."""
    if newest_number(transaction.connection, metadata) >= published.number:
        return False
    table = metadata.tables[NAME]
    row = {
        "number": published.number,
        "version": version,
        "files": dict(published.files),
        "former": dict(published.former),
        "taken_at": transaction.now,
    }
    if not insert_or(transaction.connection, table, [row], "DO NOTHING", "number"):
        return False
    transaction.execute(delete(table).where(table.c.number < published.number))
    return True


def published_at(store: Store) -> Directory | None:
    """What this service goes by instead of the folder; None where nothing was published, or the folder is forced.

    Raises DirectoryError for what this version of Waypost cannot use: it is not for a program to choose other rules.
    """
    if NAME not in store.metadata.tables or store.resources.settings.directory_forced:
        return None
    with store.reading() as connection:
        # Commands look at the directory before there are tables.
        if not inspect(connection).has_table(NAME):
            return None
        found = newest(connection, store.metadata)
    return found.directory() if found else None
