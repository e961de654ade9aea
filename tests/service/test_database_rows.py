"""Rows that are written many at a time: the same in both databases, however large, and refused in the same way."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import eventlet
import pytest
from sqlalchemy import JSON, Column, Connection, ForeignKey, Integer, LargeBinary, MetaData, String, Table, func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from shared.database.engine import Database
from shared.database.rows import insert_or, insert_rows, update_rows
from shared.database.types import BigKey, Moment
from tests.support.pairs import Pair
from tests.support.postgres import Postgres

metadata = MetaData()
letters = Table(
    "letters",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("sealed", LargeBinary),
    Column("facts", JSON),
    Column("at", Moment),
    Column("pages", Integer),
)
pages = Table(
    "pages",
    metadata,
    Column("number", BigKey, primary_key=True, autoincrement=True),
    Column("letter", String(40), ForeignKey("letters.id"), nullable=False),
)
NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, UTC)
WITHIN = 20


@pytest.fixture
def database(stores: Pair) -> Iterator[Database]:
    database = Database(stores.database_url("referrals"))
    with database.writing() as connection:
        metadata.create_all(connection)
    yield database
    database.close()


def letter(name: str, **others: object) -> dict[str, object]:
    row = {"id": name, "sealed": b"\x00\xff'", "facts": {"day": date(2026, 11, 20), "no": None}, "at": NOON, "pages": 1}
    return row | others


def test_each_row_has_its_own_bytes(database: Database) -> None:
    """They travel in one piece, so whatever length those before it have must not move them."""
    kept = {"a": b"one", "b": None, "c": b"", "d": bytes(range(256)) * 300, "e": b"\x00", "f": b"last"}
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter(name, sealed=sealed) for name, sealed in kept.items()])])
    with database.reading() as connection:
        assert {row.id: row.sealed for row in connection.execute(select(letters))} == kept


def test_every_kind_of_value_comes_back_as_it_was(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a"), letter('"%s\\ü', at=None, pages=None)])])
    with database.reading() as connection:
        found = {row.id: row for row in connection.execute(select(letters))}
    assert found["a"].sealed == b"\x00\xff'"
    assert found["a"].facts == {"day": "2026-11-20", "no": None}
    assert found["a"].at == NOON
    assert (found['"%s\\ü'].at, found['"%s\\ü'].pages) == (None, None)


def test_tables_that_point_at_one_another_are_written_together_and_keys_count_in_order(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a"), letter("b")]), (pages, [{"letter": "b"}, {"letter": "a"}])])
    with database.reading() as connection:
        assert connection.execute(select(pages.c.letter).order_by(pages.c.number)).scalars().all() == ["b", "a"]


def test_a_row_that_is_there_refuses_all(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a")])])
    with pytest.raises(IntegrityError), database.writing() as connection:
        insert_rows(connection, [(letters, [letter("b"), letter("a")])])
    with database.reading() as connection:
        assert connection.execute(select(letters.c.id)).scalars().all() == ["a"]


def test_an_error_does_not_repeat_what_was_to_be_written(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a")])])
    with pytest.raises(IntegrityError) as raised, database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a", facts={"name": "Test Child"})])])
    assert "Test Child" not in str(raised.value)


def test_what_is_new_is_answered_and_what_is_kept_out_is_not_written(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a")])])
        rows = [letter("a"), letter("b"), letter("c")]
        assert insert_or(connection, letters, rows, "DO NOTHING", "id", unless="given.id = 'c'") == [("b",)]


def test_a_conflict_can_count_on(database: Database) -> None:
    on = "(id) DO UPDATE SET pages = letters.pages + excluded.pages"
    with database.writing() as connection:
        insert_or(connection, letters, [letter("a", pages=2)], on, "pages")
        assert insert_or(connection, letters, [letter("a", pages=3)], on, "pages") == [(5,)]


def test_each_row_is_changed_by_its_key(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a"), letter("b"), letter("c")])])
        update_rows(connection, letters, [{"id": "a", "at": None, "pages": 7}, {"id": "b", "at": NOON, "pages": 8}])
        found = connection.execute(select(letters.c.id, letters.c.at, letters.c.pages).order_by(letters.c.id)).all()
    assert [tuple(row) for row in found] == [("a", None, 7), ("b", NOON, 8), ("c", NOON, 1)]


def test_a_statement_far_larger_than_any_buffer_is_written(database: Database) -> None:
    with eventlet.Timeout(WITHIN), database.writing() as connection:
        insert_rows(connection, [(letters, [letter(str(number), sealed=b"x" * 2**20) for number in range(24)])])
        assert connection.execute(select(func.count()).select_from(letters)).scalar_one() == 24


def test_after_a_lost_connection_no_other_of_its_pool_is_tried(postgres: Postgres) -> None:
    database = Database(postgres.url("referrals", database=postgres.new_database()))
    with database.writing() as connection:
        metadata.create_all(connection)
        with database.reading() as second:
            second.execute(select(1))
    with pytest.raises(OperationalError):
        write_after(lambda: end_sessions_of("referrals", postgres), database)
    write_after(lambda: None, database)
    database.close()


def write_after(what: Callable[[], None], database: Database) -> None:
    with database.writing() as connection:
        what()
        insert_rows(connection, [(letters, [letter("a")])])


def end_sessions_of(role: str, postgres: Postgres) -> None:
    postgres.psql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [role])


def test_rows_are_changed_only_where_they_are_still_as_they_were_known(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a"), letter("b", pages=2), letter("c"), letter("d")])])
        told = [{"id": name, "pages": 1, "at": None} for name in "abce"]
        assert update_rows(connection, letters, told, same=["pages"], only="letters.id <> 'c'") == {"a"}
    with database.reading() as connection:
        changed = connection.execute(select(letters.c.id).where(letters.c.at.is_(None))).scalars().all()
    assert changed == ["a"]


@pytest.mark.parametrize("names", ["c", "ab"])
def test_the_last_statement_ends_its_transaction_by_itself(names: str, stores: Pair, database: Database) -> None:
    """On SQLite, which is in this process, that would save nothing."""

    def write_and_fail() -> None:
        with database.writing() as connection:
            write(connection, names)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert kept(database) == ("" if stores.name == "default" else names)


@pytest.mark.parametrize("names", ["xa", "a"])
def test_a_last_statement_that_fails_takes_all_with_it_and_the_next_transaction_is_a_new_one(
    names: str, database: Database
) -> None:
    with database.writing() as connection:
        write(connection, "a")
    with pytest.raises(IntegrityError), database.writing() as connection:
        write(connection, names)
    with database.writing() as connection:
        write(connection, "bc")
    assert kept(database) == "abc"


def write(connection: Connection, names: str) -> None:
    for name in names:
        insert_rows(connection, [(letters, [letter(name)])], last=name == names[-1])


def kept(database: Database) -> str:
    with database.reading() as connection:
        return "".join(connection.execute(select(letters.c.id).order_by(letters.c.id)).scalars())


def test_what_new_rows_were_given_is_told_where_that_costs_nothing(stores: Pair, database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, [(letters, [letter("a")]), (pages, [{"letter": "a"}])])
        told = insert_rows(
            connection,
            [(letters, [letter("b"), letter("c")]), (pages, [{"letter": "c"}, {"letter": "b"}])],
            told=("pages", "letter, number"),
        )
    assert told == ([] if stores.name == "default" else [("c", 2), ("b", 3)])
