"""The audit as services keep it: acts are chained in the transaction that does them, and the database keeps them."""

from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from services.catalogue import migrations_of
from services.eligibility.tables import metadata
from shared.audit.reading import newest, verify_store
from shared.audit.record import record, record_each
from shared.audit.tables import audit, audit_head
from shared.messaging.runtime import Runtime
from tests.support.pairs import Pair
from tests.support.parts import runtime_for
from tests.support.schema import migrated
from tests.support.waiting import until

AN_OLD_ACT = {"actor": "p:old", "action": "parked.retry", "subject": "before", "detail": ""}


@pytest.fixture
def runtime(stores: Pair, tmp_path: Path) -> Iterator[Runtime]:
    made = runtime_for(stores, tmp_path, "eligibility", metadata)
    migrated(made.store.database, migrations_of("eligibility"))
    yield made
    made.store.database.close()


def act(runtime: Runtime, subject: str = "one") -> None:
    with runtime.store.writing() as transaction:
        record(transaction, "p:test", "parked.discard", subject, "test message")


def tamper(runtime: Runtime, *statements: object) -> None:
    """As somebody with the run of the database would: the triggers go first."""
    with runtime.store.database.writing() as connection:
        if runtime.store.database.is_sqlite:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_is_kept ON audit"))
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def test_acts_are_chained_and_the_chain_holds(runtime: Runtime) -> None:
    act(runtime)
    with runtime.store.writing() as transaction:
        record_each(transaction, "p:test", "parked.retry", [f"message {number}" for number in range(2500)])
    act(runtime, "last")

    verdict = verify_store(runtime.store)

    assert (verdict.faults, verdict.entries) == ((), 2502)
    with runtime.store.reading() as connection:
        rows = newest(connection, 2)
        assert [(row.number, row.subject) for row in rows] == [(2502, "last"), (2501, "message 2499")]
        assert [row.number for row in newest(connection, 5, before=rows[-1].id, subject="one")] == [1]


def test_an_act_that_is_not_done_is_not_on_record(runtime: Runtime) -> None:
    act(runtime)

    def fail() -> None:
        with runtime.store.writing() as transaction:
            record(transaction, "p:test", "parked.discard", "undone")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert verify_store(runtime.store).entries == 1


def test_people_who_act_at_once_take_turns(runtime: Runtime) -> None:
    pool = eventlet.GreenPool()
    for number in range(12):
        pool.spawn(act, runtime, f"at once {number}")
    pool.waitall()

    verdict = verify_store(runtime.store)

    assert (verdict.faults, verdict.number) == ((), 12)


def test_two_who_are_both_the_first_take_turns(runtime: Runtime) -> None:
    def another_waits() -> bool:
        with runtime.store.reading() as connection:
            return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())

    with runtime.store.writing() as transaction:
        record(transaction, "p:test", "parked.discard", "one", "test message")
        second = eventlet.spawn(act, runtime, "two")
        if not runtime.store.database.is_sqlite:  # There one writes at a time.
            until(another_waits)
    second.wait()

    verdict = verify_store(runtime.store)
    assert (verdict.faults, verdict.number) == ((), 2)


@pytest.mark.parametrize("slip", [delete(audit), update(audit).values(actor="p:nobody")], ids=["delete", "update"])
def test_the_database_refuses_a_slip(runtime: Runtime, slip: object) -> None:
    act(runtime)

    with pytest.raises(DBAPIError, match="only ever added to"), runtime.store.database.writing() as connection:
        connection.execute(slip)  # type: ignore[call-overload]

    assert verify_store(runtime.store).faults == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (update(audit).where(audit.c.number == 2).values(actor="p:nobody"), "entry 2 was changed, put in or moved"),
        (delete(audit).where(audit.c.number == 2), "entry 2 was taken out"),
        (delete(audit).where(audit.c.number == 3), "entry 3 was cut off at the end"),
        (delete(audit_head), "what says how far the chain goes is missing"),
    ],
    ids=["changed", "taken out", "cut off", "head gone"],
)
def test_who_changes_the_database_is_found_out(runtime: Runtime, change: object, fault: str) -> None:
    for subject in ("one", "two", "three"):
        act(runtime, subject)

    tamper(runtime, change)

    assert fault in verify_store(runtime.store).faults


def test_acts_from_before_the_chain_are_counted_and_break_nothing(runtime: Runtime) -> None:
    with runtime.store.database.writing() as connection:
        connection.execute(insert(audit).values(at=runtime.resources.clock.now(), **AN_OLD_ACT))
    act(runtime)

    verdict = verify_store(runtime.store)

    assert (verdict.faults, verdict.entries, verdict.unchained) == ((), 1, 1)
