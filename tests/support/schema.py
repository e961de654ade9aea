"""A service's tables in a database that is there for one test: `migrated(database, versions)`.

The first of each kind is really migrated. What came out is kept as SQL and put into those that follow, for a tenth of the
time: there are hundreds. What migrations do to a database that holds something is tested by migrating it.
"""

import os
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import inspect

from shared.database.engine import Database
from shared.database.migrations import migrate
from tests.support.kept_databases import SHAPES, shape
from tests.support.postgres import PROGRAMS
from tests.support.programs import find

_came_out: dict[tuple[Path, bool], str] = {}


def migrated(database: Database, versions: Path) -> None:
    """Brings the database to the newest shape; one that has tables already by its migrations."""
    kind = versions, database.is_sqlite
    with database.reading() as connection:
        is_new = not inspect(connection).has_table("alembic_version")
    if not is_new or kind not in _came_out:
        migrate(database, versions)
        if is_new:
            _came_out[kind] = _lite(database) if database.is_sqlite else _dumped(database)
            if not database.is_sqlite:
                with psycopg.connect(_address(database)) as session:
                    schema = str(database.engine.url.username)
                    SHAPES[schema] = shape(session, schema)
    elif database.is_sqlite:
        with database.engine.connect() as connection:
            connection.connection.driver_connection.executescript(_came_out[kind])  # type: ignore[union-attr]
    else:
        with psycopg.connect(_address(database), autocommit=True) as session:
            session.execute(_came_out[kind].encode())


def _lite(database: Database) -> str:
    with database.engine.connect() as connection:
        return "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]


def _dumped(database: Database) -> str:
    url = database.engine.url
    asked = ["--schema", str(url.username), "--no-owner", "--no-privileges", "--inserts", _address(database)]
    program = find("pg_dump", "postgresql-client", PROGRAMS)
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": str(url.password)}
    text = subprocess.run([program, *asked], env=environment, capture_output=True, text=True, check=True).stdout
    # The schema is there; what begins with a backslash is for psql.
    return "\n".join(line for line in text.splitlines() if not line.startswith(("\\", "CREATE SCHEMA")))


def _address(database: Database) -> str:
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
