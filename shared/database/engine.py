"""One service's database: SQLite in a file (WAL, every commit on disk) or PostgreSQL, with the same two ways in.

`writing()` is a transaction that commits or leaves nothing; `reading()` is for questions. SQLite has one writer, so writers of
one process wait for one another in green threads; otherwise the first would block the process that the second runs in.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import orjson
from eventlet.semaphore import Semaphore
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from shared.database import sqlite

if TYPE_CHECKING:
    from shared.database.green import GreenConnection

FULL_SECONDS = 60.0
"""For so long a database that was full counts as full, when nothing more was written since."""
STILL_FULL_SECONDS = 15.0
"""For so long when something was: a small row may fit where a referral does not, and nobody would see what comes and goes."""


class Database:
    """`Database("sqlite:////…/routing.sqlite3")` or `Database("postgresql+psycopg://routing:…@host/waypost")`."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        shared: dict[str, Any] = {"json_serializer": _to_json, "json_deserializer": orjson.loads}
        self.engine = sqlite.engine(url, **shared) if self.is_sqlite else _postgresql_engine(url, **shared)
        # On PostgreSQL each question sees what was committed before it, with or without BEGIN and COMMIT around it.
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self.engine, "checkin", self._returned)
        self._closed = False
        self._writer = Semaphore(1)
        self.waited: Callable[[float], None] = lambda seconds: None
        """Told how long each transaction waited for its connection, and on SQLite for its turn."""
        self._full_at = self._written_at = float("-inf")

    @property
    def is_full(self) -> bool:
        """Whether something that was to be written did not fit on the disk, a moment ago."""
        counts = FULL_SECONDS if self._full_at > self._written_at else STILL_FULL_SECONDS
        return time.monotonic() - self._full_at < counts

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        try:
            with self._writing() as connection:
                yield connection
        except DBAPIError as error:
            self._notice(error)
            raise
        self._written_at = time.monotonic()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        asked = time.perf_counter()
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                self.waited(time.perf_counter() - asked)
                yield connection
            return
        with self._writer, self.engine.connect().execution_options(writing=True) as connection, connection.begin():
            self.waited(time.perf_counter() - asked)
            yield connection

    @contextmanager
    def much_at_once(self, connection: Connection) -> Iterator[None]:
        """What is asked in this block takes PostgreSQL long enough that others of the process work from the first moment."""
        if self.is_sqlite:
            yield
            return
        driver = cast("GreenConnection", connection.connection.driver_connection)
        patience, driver.patience = driver.patience, 0.0
        try:
            yield
        finally:
            driver.patience = patience

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """For questions: nothing may be written. On SQLite all see the database as it was at the first."""
        try:
            with self._reader.connect() as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            self._notice(error)
            raise

    def _notice(self, error: DBAPIError) -> None:
        if says_full(error):
            self._full_at = time.monotonic()

    def insert(self, table: Table) -> Any:
        """An INSERT of this kind of database, which can say what happens `on_conflict_…`."""
        dialect = import_module(f"sqlalchemy.dialects.{'sqlite' if self.is_sqlite else 'postgresql'}")
        return dialect.insert(table)

    def forget_deleted(self) -> bool:
        """On SQLite, where deleted rows are overwritten: empties the log, which still has the pages from before.

        False while somebody reads it: try again. PostgreSQL overwrites when it vacuums, which it does by itself.
        """
        if not self.is_sqlite:
            return True
        with self._writer, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Whoever reads may be a green thread of this process, which would wait for us.
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
            (busy, *_) = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            connection.exec_driver_sql("PRAGMA busy_timeout=5000")
        return not busy

    def close(self) -> None:
        """Closes what is idle now, and what is still at work as soon as it has ended."""
        self._closed = True
        self.engine.dispose()

    def _returned(self, connection: Any, record: ConnectionPoolEntry) -> None:
        if self._closed and connection is not None:
            record.invalidate()


def is_away(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be asked just now, and may well be soon."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if hasattr(error.orig, "sqlstate"):
        # Without a state there was no connection; 08 is one that broke, 53 a server that is full, 57 one that stops.
        state = _state(error)
        return isinstance(error, OperationalError) and (state is None or state[:2] in ("08", "53", "57"))
    return getattr(error.orig, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_FULL")


def says_full(error: BaseException) -> bool:
    """Whether `error` says that the disk had no room left, be it for what was written or, on PostgreSQL, for a connection."""
    if not isinstance(error, DBAPIError):
        return False
    if _state(error) == "53100" or getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL":
        return True
    # Who is refused a connection is told no state, and these words in every language (relcache.c, write_item).
    return _state(error) is None and "could not write init file" in str(error.orig)


def _state(error: DBAPIError) -> str | None:
    """PostgreSQL's five characters for what is wrong; None where it said nothing, and of SQLite."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _postgresql_engine(url: str, **options: Any) -> Engine:
    """psycopg takes a tenth of a second to load and ten megabytes: only where it is used."""
    from shared.database import postgresql

    return postgresql.engine(url, **options)
