"""One service's database: SQLite in a file (WAL, every commit on disk) or PostgreSQL, with the same two ways in.

`writing()` is a transaction that commits or leaves nothing; `reading()` is for questions. SQLite has one writer, so writers of
one process wait for one another in green threads; otherwise the first would block the process that the second runs in.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import orjson
import psycopg
from eventlet.semaphore import Semaphore
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from shared.database.green import SHORT, GreenConnection

POOL = 20
FULL_SECONDS = 60.0
"""For so long a database that was full counts as full, when nothing more was written since."""
POSTGRES_OPTIONS = (
    "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=120s "
    # A machine that has gone says nothing, and the server by itself would keep its sessions, and their locks, for two hours.
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=5 -c tcp_user_timeout=20s"
)


class Database:
    """`Database("sqlite:////…/routing.sqlite3")` or `Database("postgresql+psycopg://routing:…@host/waypost")`."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        shared: dict[str, Any] = {"json_serializer": _to_json, "json_deserializer": orjson.loads}
        if self.is_sqlite:
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(parsed, pool_size=5, max_overflow=50, **shared)
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            arguments = {
                "connect_timeout": 5,
                "options": POSTGRES_OPTIONS,
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 5,
                "tcp_user_timeout": 20_000,  # Milliseconds; keep-alives are not sent while an answer is awaited.
            }
            self.engine = create_engine(
                parsed,
                pool_size=POOL,
                max_overflow=0,
                pool_use_lifo=True,
                pool_pre_ping=False,
                connect_args=arguments,
                **shared,
            )
            event.listen(
                self.engine, "do_connect", lambda _, __, args, kwargs: GreenConnection.connect(*args, **kwargs)
            )
        # On PostgreSQL each question sees what was committed before it, with or without BEGIN and COMMIT around it.
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self.engine, "checkin", self._returned)
        self._closed = False
        self._writer = Semaphore(1)
        self.waited: Callable[[float], None] = lambda seconds: None
        """Told how long each transaction waited for its connection, and on SQLite for its turn."""
        self._full_at = float("-inf")

    @property
    def is_full(self) -> bool:
        """Whether the last that was written did not fit on the disk, a moment ago."""
        return time.monotonic() - self._full_at < FULL_SECONDS

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        try:
            with self._writing() as connection:
                yield connection
        except DBAPIError as error:
            if _says_full(error):
                self._full_at = time.monotonic()
            raise
        self._full_at = float("-inf")

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
        driver = cast(GreenConnection, connection.connection.driver_connection)
        driver.patience = 0.0
        try:
            yield
        finally:
            driver.patience = SHORT

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """For questions: nothing may be written. On SQLite all see the database as it was at the first."""
        with self._reader.connect() as connection, connection.begin():
            yield connection

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
    if isinstance(error.orig, psycopg.OperationalError):
        # Without a state there was no connection; 08 is one that broke, 53 a server that is full, 57 one that stops.
        return error.orig.sqlstate is None or error.orig.sqlstate[:2] in ("08", "53", "57")
    return getattr(error.orig, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_FULL")


def _says_full(error: DBAPIError) -> bool:
    """Whether the disk had no room left."""
    if isinstance(error.orig, psycopg.Error):
        return error.orig.sqlstate == "53100"
    return getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL"


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=5000",
        "foreign_keys=ON",
        "cache_size=-2000",
        "secure_delete=ON",  # What is deleted is overwritten: a key that was destroyed must not lie in the file.
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: upgrading a reader in mid-transaction fails where waiting would do."""
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")
