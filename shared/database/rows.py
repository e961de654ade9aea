"""Many rows with one statement, for about a tenth of what SQLAlchemy's own way costs each row.

PostgreSQL gets all rows in documents (`shared.database.recordset`) and takes them apart itself; SQLite, which is in this
process, gets tuples. What is stored is what SQLAlchemy would store, and errors are the same. All rows of one table name the
same columns.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError

from shared.database.recordset import Row, parameters_of, recordset

IDLE = 0
"""psycopg.pq.TransactionStatus.IDLE, without psycopg: who works on SQLite does not load it."""


def insert_rows(
    connection: Connection,
    given: Sequence[tuple[Table, Sequence[Row]]],
    last: bool = False,
    refused: Mapping[str, str] = MappingProxyType({}),
    told: tuple[str, str] | None = None,
) -> list[tuple[Any, ...]]:
    """Inserts rows, the tables in this order and the rows in theirs, so that counted keys follow it.

    `last` promises that nothing follows in the transaction: see `run`. `refused`, on PostgreSQL, has conditions on a row,
    called `given`, by the name of its table: where one is true, the statement fails with a DataError. `told`, there too, names
    one of the tables and columns of it: answers what these are in its new rows.
    """
    dialect = connection.dialect
    if dialect.name != "sqlite":
        tables = tuple((table, tuple(rows[0]), refused.get(table.name, "false")) for table, rows in given)
        statement = _insert(tables, dialect, told)
        written = run(connection, statement, parameters_of({table.name: rows for table, rows in given}), last=last)
        return written.fetchall() if told else []
    for table, rows in given:
        columns = tuple(rows[0])
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        run(connection, statement, _tuples(table, columns, dialect)(rows), many=True)
    return []


def insert_or(
    connection: Connection, table: Table, rows: Sequence[Row], conflict: str, returning: str, unless: str = "false"
) -> list[tuple[Any, ...]]:
    """Inserts `rows`; `conflict` is what happens to one that is there (`DO NOTHING`, …). Answers what was written.

    `unless` is a condition on a row, called `given`, that keeps it out.
    """
    columns, dialect = tuple(rows[0]), connection.dialect
    names = ", ".join(columns)
    parameters: Any
    if dialect.name == "sqlite":
        one = f"({', '.join('?' * len(columns))})"
        named = ", ".join(f"column{number} AS {name}" for number, name in enumerate(columns, start=1))
        source = f"(SELECT {named} FROM (VALUES {', '.join([one] * len(rows))})) AS given"
        parameters = [value for row in _tuples(table, columns, dialect)(rows) for value in row]
    else:
        source, parameters = recordset(table, columns, dialect), parameters_of({table.name: rows})
    statement = (
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {source} WHERE NOT ({unless}) "
        f"ON CONFLICT {conflict} RETURNING {returning}"
    )
    written: list[tuple[Any, ...]] = run(connection, statement, parameters).fetchall()
    return written


def update_rows(
    connection: Connection, table: Table, rows: Sequence[Row], same: Sequence[str] = (), only: str = "true"
) -> set[Any]:
    """Sets, in the row whose key is a row's first column, what its other columns say. Answers the keys of those it found.

    Columns that are named in `same` are not set: a row is found only where they hold what is given, and where `only`, a
    condition on the table, is true.
    """
    columns, dialect = tuple(rows[0]), connection.dialect
    key, others = columns[0], [name for name in columns[1:] if name not in same]
    if dialect.name == "sqlite":
        setting = ", ".join(f"{name} = ?" for name in others)
        found = " AND ".join([f"{name} = ?" for name in (key, *same)] + [only])
        statement = f"UPDATE {table.name} SET {setting} WHERE {found} RETURNING {key}"
        tuples = _tuples(table, (*others, key, *same), dialect)(rows)
        return {name for each in tuples for (name,) in run(connection, statement, each).fetchall()}
    setting = ", ".join(f"{name} = given.{name}" for name in others)
    found = " AND ".join([f"{table.name}.{name} = given.{name}" for name in (key, *same)] + [only])
    given = recordset(table, columns, dialect)
    statement = f"UPDATE {table.name} SET {setting} FROM {given} WHERE {found} RETURNING {table.name}.{key}"
    return {name for (name,) in run(connection, statement, parameters_of({table.name: rows}))}


def run(
    connection: Connection,
    statement: str,
    parameters: Any = (),
    many: bool = False,
    alone: bool = False,
    last: bool = False,
) -> Any:
    """Runs a statement by the driver itself; answers its cursor. Errors are SQLAlchemy's, without the parameters.

    A statement that is `alone` needs no transaction around it: where none is open yet, PostgreSQL is not asked to begin
    and to commit one, which takes longer than many a statement. The `last` of a transaction needs none either; where one is
    open, PostgreSQL is asked to commit it in the same breath.
    """
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    driver: Any = connection.connection.driver_connection
    here = dialect.name != "sqlite" and not driver.autocommit
    open_ = here and driver.pgconn.transaction_status != IDLE
    by_itself = here and (alone or last) and not open_
    try:
        if by_itself:
            driver.autocommit = True
        if last and open_:
            with driver.pipeline():
                cursor.execute(statement, parameters)
                driver.commit()
        else:
            (cursor.executemany if many else cursor.execute)(statement, parameters)
    except dialect.loaded_dbapi.Error as error:
        gone = dialect.is_disconnect(error, connection.connection, cursor)
        if gone:
            connection.invalidate(error)
            # The other connections of the pool went with it: each would fail once more.
            connection.engine.dispose()
        raise DBAPIError.instance(
            statement, None, error, dialect.loaded_dbapi.Error, True, connection_invalidated=gone, dialect=dialect
        ) from None
    finally:
        if by_itself and not driver.closed:
            driver.autocommit = False
    return cursor


@lru_cache(maxsize=200)
def _insert(
    given: tuple[tuple[Table, tuple[str, ...], str], ...], dialect: Dialect, told: tuple[str, str] | None
) -> str:
    """One statement for all tables. PostgreSQL checks foreign keys at its end, so they may point from one to another."""
    inserts = [
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns)} FROM {recordset(table, columns, dialect)}"
        # What may not be divides by nothing, which is an error.
        + (f" WHERE 1 / CASE WHEN {refused} THEN 0 ELSE 1 END = 1" if refused != "false" else "")
        + (f" RETURNING {told[1]}" if told and told[0] == table.name else "")
        for table, columns, refused in given
    ]
    last = inserts.pop() if told is None else f"SELECT {told[1]} FROM insert_{told[0]}"
    names = [f"insert_{table.name}" for table, _, _ in given]
    named = ", ".join(f"{name} AS ({insert})" for name, insert in zip(names, inserts, strict=False))
    return f"WITH {named} {last}" if named else last


@lru_cache(maxsize=200)
def _tuples(
    table: Table, columns: tuple[str, ...], dialect: Dialect
) -> Callable[[Sequence[Row]], list[tuple[Any, ...]]]:
    """A function from rows to what the driver takes, with SQLAlchemy's own conversions."""
    found = [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns]
    converted = [(name, convert) for name, convert in found if convert is not None]

    def make(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        ready = [row | {name: convert(row[name]) for name, convert in converted} for row in rows]
        return [tuple([row[name] for name in columns]) for row in ready]

    return make
