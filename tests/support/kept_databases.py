"""Databases that one test leaves and the next is given, empty and under another name: to make one takes ten times as long.

Whoever still writes to the old name finds nothing there. Tables stay where they are just as migrations made them; a
database in which anything else was made is used no more.
"""

from psycopg import Connection

from tests.support.postgres import SERVICES, Postgres

SHAPES: dict[str, str] = {}
"""What a service's schema looks like right after its migrations, in a few characters."""

# Of tables, indexes and sequences with their columns; triggers; constraints; functions.
_SHAPE = """
SELECT coalesce(md5(string_agg(line, ' ' ORDER BY line)), '') FROM (
    SELECT concat(relkind, relname, (SELECT string_agg(concat(attname, atttypid, attnotnull), ',' ORDER BY attname)
        FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped))
        FROM pg_class WHERE relnamespace = %(schema)s::regnamespace
    UNION ALL SELECT tgname::text FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid
        WHERE relnamespace = %(schema)s::regnamespace AND NOT tgisinternal
    UNION ALL SELECT concat(contype, conname) FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace
    UNION ALL SELECT concat(proname, prosrc) FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
) AS everything(line)
"""
_NAMED = """
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname = ANY(%s) AND tablename <> 'alembic_version' ORDER BY 1
"""
_COUNTED = """
SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE schemaname = ANY(%s) AND last_value IS NOT NULL
"""
_BARE = ""


def shape(session: Connection[tuple[object, ...]], schema: str) -> str:
    """The same for two schemas with the same in them; of one with nothing in it, nothing."""
    row = session.execute(_SHAPE, {"schema": schema}).fetchone()
    assert row
    return str(row[0])


class KeptDatabases:
    """Those of one server, which are thrown away with it."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._kept: list[str] = []

    def take(self) -> str:
        """The name of a database with nothing in its tables, or without tables."""
        if not self._kept:
            return self._postgres.new_database()
        name = self._postgres.new_name()
        self._postgres.psql(f"ALTER DATABASE {self._kept.pop()} RENAME TO {name}")
        return name

    def give_back(self, name: str) -> None:
        """Ends all sessions there, and empties it."""
        self._postgres.end_sessions(name)
        with self._postgres.connect("postgres", name) as session:
            usable = all(shape(session, schema) in (_BARE, SHAPES.get(schema)) for schema in SERVICES)
            if usable:
                _empty(session)
        if usable:
            self._kept.append(name)


def _empty(session: Connection[tuple[object, ...]]) -> None:
    named = [str(name) for (name,) in session.execute(_NAMED, [list(SERVICES)])]
    if not named:
        return
    asked = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in named)
    used = [str(name) for (name,) in session.execute(asked.encode())]
    if used:
        session.execute("SET session_replication_role = replica")  # Some rows are kept from everybody else.
        session.execute(f"TRUNCATE {', '.join(used)} CASCADE".encode())
    # Of tables that are empty again, too.
    session.execute(_COUNTED, [list(SERVICES)])
