"""Copies of several databases as they all were at one moment, made while they are in use; and how they are put back.

An effect is never without its cause in such a copy, whichever service had which. SQLite: the writers of all files are held
for some milliseconds while a snapshot of each begins. PostgreSQL: every dump reads the same exported snapshot, by the
programs `pg_dump` and `pg_restore`, which must be on the PATH.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

WAIT_SECONDS = 30
PARAMETERS = ("sslmode", "sslrootcert", "sslcert", "sslkey")


class CopyFailed(Exception):
    """A copy could not be made or put back; the text says why, and holds no password."""


def copy(urls: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Copies each database into a file of `folder`, all as they were at one moment; answers the files."""
    parsed = {name: make_url(url) for name, url in urls.items()}
    if all(url.get_backend_name() == "sqlite" for url in parsed.values()):
        return _copy_files({name: Path(url.database or "") for name, url in parsed.items()}, folder)
    with _one_snapshot(parsed) as snapshots:
        return {name: _dump(url, snapshots[name], folder / f"{name}.dump") for name, url in parsed.items()}


def put_back(urls: Mapping[str, str], files: Mapping[str, Path], aside: Path) -> None:
    """Puts copies in the place of what is there; SQLite's files go to `aside`. Nobody may use the databases."""
    for name, path in files.items():
        url = make_url(urls[name])
        if url.get_backend_name() == "sqlite":
            _replace_file(Path(url.database or ""), path, aside)
        else:
            schema = _empty(url)
            words = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--schema={schema}")
            _run("pg_restore", url, *words, str(path))


def users_of(url: str) -> int:
    """How many others are connected to a PostgreSQL database as this role; SQLite has a lock of its own."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return 0
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    )
    with _connected(parsed) as connection:
        return int(connection.execute(query).fetchone()[0])


def _copy_files(paths: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    missing = [name for name, path in paths.items() if not path.is_file()]
    if missing:
        raise CopyFailed(f"there is no database of {', '.join(missing)}.")
    with ExitStack() as stack:

        def opened(path: Path) -> sqlite3.Connection:
            return stack.enter_context(closing(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)))

        holders = [opened(path) for path in paths.values()]
        readers = {name: opened(path) for name, path in paths.items()}
        for holder in holders:
            holder.execute("BEGIN IMMEDIATE")
        for reader in readers.values():
            reader.execute("BEGIN")
            # The snapshot begins with the first question, not before.
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for holder in holders:
            holder.execute("ROLLBACK")
        return {name: _backed_up(reader, folder / f"{name}.sqlite3") for name, reader in readers.items()}


def _backed_up(reader: sqlite3.Connection, path: Path) -> Path:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(path)) as target:
        reader.backup(target)
        # One file, without a log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        (found,) = target.execute("PRAGMA quick_check").fetchone()
    if found != "ok":
        raise CopyFailed(f"the copy {path.name} is damaged: {found}")
    return path


def _replace_file(target: Path, copy_of_it: Path, aside: Path) -> None:
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    for beside in (target, target.with_name(f"{target.name}-wal"), target.with_name(f"{target.name}-shm")):
        if beside.exists():
            shutil.move(beside, aside / beside.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f"{target.name}.restoring")
    shutil.copyfile(copy_of_it, half)
    half.chmod(0o600)
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(target)


@contextmanager
def _one_snapshot(urls: Mapping[str, URL]) -> Iterator[dict[str, str]]:
    """By service, the name of a snapshot that its dump reads; one for all services of one database."""
    with ExitStack() as stack:
        exported: dict[tuple[Any, ...], str] = {}
        found = {}
        for name, url in urls.items():
            place = (url.host, url.port, url.database)
            if place not in exported:
                connection = stack.enter_context(_connected(url))
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                exported[place] = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
            found[name] = exported[place]
        yield found


def _dump(url: URL, snapshot: str, path: Path) -> Path:
    with _connected(url) as connection:
        schema = connection.execute("SELECT current_schema()").fetchone()[0]
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    words = ("--format=custom", f"--schema={schema}", f"--snapshot={snapshot}", f"--file={path}")
    _run("pg_dump", url, *words)
    return path


def _empty(url: URL) -> str:
    """Drops what the role's schema holds, and answers its name; the schema stays, for the role could not make it again."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    functions = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    with _connected(url) as connection:
        connection.execute("BEGIN")
        for (table,) in connection.execute(tables).fetchall():
            connection.execute(f'DROP TABLE "{table}" CASCADE')
        for (function,) in connection.execute(functions).fetchall():
            connection.execute(f"DROP FUNCTION {function} CASCADE")
        connection.execute("COMMIT")
        return str(connection.execute("SELECT current_schema()").fetchone()[0])


@contextmanager
def _connected(url: URL) -> Iterator[Any]:
    try:
        connection = psycopg.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=None if url.password is None else str(url.password),
            dbname=url.database,
            autocommit=True,
            **{name: value for name, value in url.query.items() if name in PARAMETERS},  # type: ignore[arg-type]
        )
    except psycopg.Error as error:
        raise CopyFailed(f"the database of {url.username} does not answer ({type(error).__name__}).") from None
    with closing(connection):
        yield connection


def _run(program: str, url: URL, *words: str) -> None:
    """The password goes by the environment: everybody on the machine can read arguments."""
    if shutil.which(program) is None:
        raise CopyFailed(f"{program} is not on the PATH. Install PostgreSQL's client programs (postgresql-client).")
    given = {
        "PGHOST": url.host,
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        **{f"PG{name.upper()}": str(url.query[name]) for name in PARAMETERS if name in url.query},
    }
    environment = {**os.environ, **{name: value for name, value in given.items() if value}}
    # pg_restore writes to its standard output unless it is told which database.
    target = (f"--dbname={url.database}",) if program == "pg_restore" else ()
    done = subprocess.run([program, *target, *words], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CopyFailed(f"{program} failed for {url.username}: {done.stderr.strip()[:500]}")
