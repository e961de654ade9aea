"""Parked messages are counted by the database, listed in pages, tried again or given up many at a time, and mended."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from services.catalogue import migrations_of
from services.referrals.tables import metadata as referrals_metadata
from shared.audit.reading import verify_store
from shared.contracts.envelope import Event
from shared.contracts.referrals import ReferralWithdrawn
from shared.contracts.registry import schema_for
from shared.database.migrations import migrate
from shared.http.pages import Page, decode_cursor
from shared.http.problems import Problem
from shared.ids import new_id
from shared.messaging import mending, parked_jobs
from shared.messaging.inbox import Inbox
from shared.messaging.parked import DISCARD, RETRY, Filter, discard_parked, parked_groups, parked_messages, retry_parked
from shared.messaging.retry import RetryPolicy
from shared.messaging.runtime import Runtime
from shared.messaging.transaction import Transaction
from tests.support.pairs import Pair
from tests.support.parking import PLACE, park, withdrawal
from tests.support.parts import SteppedClock, heard, hearer_metadata, note, runtime_for

SCHEMAS = {ReferralWithdrawn.type(): schema_for(ReferralWithdrawn)}
MARK = "Test Child"


class Desk:
    """A service with a handler that fails for some subjects, and what people do at its desk."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.clock = SteppedClock()
        self.runtime: Runtime = runtime_for(pair, folder, "routing", hearer_metadata(), self.clock)
        self.store = self.runtime.store
        with self.store.database.writing() as connection:
            self.runtime.metadata.create_all(connection)
        self.failing: set[str] = set()
        policy = RetryPolicy(attempts=2, first=1, longest=1)
        self.inbox = Inbox(self.store, {ReferralWithdrawn: self._handle}, self.runtime.metrics, policy)

    def _handle(self, transaction: Transaction, event: Event) -> None:
        if event.subject in self.failing:
            raise KeyError("still wrong")
        note(transaction, event)

    def park(self, count: int = 1, **about: Any) -> list[str]:
        found = []
        for _ in range(count):
            self.clock.forward(milliseconds=5)
            found.append(park(self.runtime, withdrawal(), **about))
        return found

    def counts(self) -> dict[tuple[str, str], int]:
        return {(group["error"], group["place"]): group["count"] for group in parked_groups(self.store)}

    def counted_anew(self) -> dict[tuple[str, str], int]:
        """What the triggers should have counted."""
        table = self.runtime.metadata.tables["failures"]
        query = select(table.c.error, table.c.place, func.count()).where(table.c.parked_at.is_not(None))
        with self.store.reading() as connection:
            rows = connection.execute(query.group_by(table.c.error, table.c.place, table.c.type)).all()
        return {(error, place): count for error, place, count in rows}

    def step(self, seconds: float = 1) -> bool:
        self.clock.forward(seconds=seconds)
        return parked_jobs.step_all(self.store)

    def audit(self) -> list[tuple[str, str, str]]:
        table = self.runtime.metadata.tables["audit"]
        with self.store.reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
        assert not verify_store(self.store).faults
        return [(row.actor, row.action, row.subject) for row in rows]


@pytest.fixture
def desk(pair: Pair, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(pair, tmp_path)
    yield desk
    desk.store.database.close()


def test_groups_are_counted_as_messages_come_are_retried_discarded_and_fail_again(desk: Desk) -> None:
    first = desk.park(3)
    other = desk.park(2, error="OperationalError", place="shared.database.engine:writing:60")
    assert (
        desk.counts()
        == desk.counted_anew()
        == {
            ("ValueError", PLACE): 3,
            ("OperationalError", "shared.database.engine:writing:60"): 2,
        }
    )
    (largest, _) = parked_groups(desk.store)
    with desk.store.reading() as connection:
        table = desk.runtime.metadata.tables["failures"]
        oldest = connection.execute(select(func.min(table.c.parked_at)).where(table.c.error == "ValueError")).scalar()
    assert (largest["count"], largest["oldest"]) == (3, oldest)

    assert retry_parked(desk.store, "p:1", first[:2]) == 2
    assert discard_parked(desk.store, "p:1", "made up", other) == 2
    assert desk.counts() == desk.counted_anew() == {("ValueError", PLACE): 1}

    table = desk.runtime.metadata.tables["failures"]
    with desk.store.reading() as connection:
        desk.failing = set(connection.execute(select(table.c.subject)).scalars())
    for _ in range(4):
        desk.clock.forward(seconds=5)
        desk.inbox.retry_due()
    found = desk.counts()
    assert found == desk.counted_anew()
    assert sum(found.values()) == 3
    assert [error for error, _ in found] == ["KeyError", "ValueError"]


def test_what_was_parked_before_there_were_groups_is_counted_by_the_migration(pair: Pair, tmp_path: Path) -> None:
    runtime = runtime_for(pair, tmp_path, "referrals", referrals_metadata)
    try:
        migrate(runtime.store.database, migrations_of("referrals"))
        park(runtime, withdrawal())
        step = next(path.stem[:4] for path in migrations_of("referrals").glob("*_parked.py"))
        _down_and_up(runtime, int(step))
        assert [(group["error"], group["count"]) for group in parked_groups(runtime.store)] == [("ValueError", 1)]
        park(runtime, withdrawal())
        assert [group["count"] for group in parked_groups(runtime.store)] == [2]
    finally:
        runtime.store.database.close()


def _down_and_up(runtime: Runtime, step: int) -> None:
    from alembic import command
    from alembic.config import Config

    import shared.database.migrations

    config = Config()
    config.set_main_option("script_location", str(Path(shared.database.migrations.__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(migrations_of("referrals")))
    config.set_main_option("path_separator", "newline")
    with runtime.store.database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, f"referrals_{step - 1:04}")
        command.upgrade(config, "head")


def test_lists_are_pages_in_the_order_in_which_messages_were_parked(desk: Desk) -> None:
    wanted = desk.park(5) + desk.park(4, error="TypeError")
    seen: list[str] = []
    page = Page(2, None)
    while True:
        found = parked_messages(desk.store, None, page)
        seen += [message["event_id"] for message in found["items"]]
        assert len(found["items"]) <= 2
        if found["next"] is None:
            break
        page = Page(2, decode_cursor(found["next"], int, str, str))
    assert seen == wanted
    (group,) = parked_groups(desk.store, Filter(error="TypeError"))
    assert [each["event_id"] for each in parked_messages(desk.store, Filter(group_id=group["id"]))["items"]] == wanted[
        5:
    ]
    assert "body" not in parked_messages(desk.store)["items"][0]


def test_messages_of_one_referral_are_found_across_groups(desk: Desk) -> None:
    desk.park(2)
    subject = new_id()
    mine = [park(desk.runtime, withdrawal(subject), error=error) for error in ("TypeError", "ValueError")]
    found = parked_messages(desk.store, Filter(subject=subject))
    assert {message["event_id"] for message in found["items"]} == set(mine)
    job = parked_jobs.begin(desk.store, "p:1", RETRY, Filter(subject=subject), pace=100)
    assert job["total"] == 2
    desk.step()
    assert sum(desk.counts().values()) == 2


def test_a_job_moves_as_many_a_second_as_it_may_and_no_message_that_failed_again(desk: Desk) -> None:
    ids = desk.park(25)
    desk.park(3, error="TypeError")
    bad = {message["subject"] for message in parked_messages(desk.store)["items"][:4]}
    desk.failing = set(bad)
    (group,) = parked_groups(desk.store, Filter(error="ValueError"))
    job = parked_jobs.begin(desk.store, "p:1", RETRY, Filter(group_id=group["id"]), pace=10)
    assert (job["total"], job["moved"], job["state"]) == (25, 0, "running")

    moved = []
    while desk.step():
        desk.inbox.retry_due()
        desk.clock.forward(seconds=0.1)
        moved.append(parked_jobs.job(desk.store, job["id"])["moved"])
    assert moved == [10, 21] or moved == [10, 20]

    for _ in range(3):
        desk.clock.forward(seconds=5)
        desk.inbox.retry_due()
    desk.step()
    done = parked_jobs.job(desk.store, job["id"])
    assert (done["state"], done["moved"], done["succeeded"], done["failed_again"]) == ("done", 25, 21, 4)
    assert desk.counts()[("TypeError", PLACE)] == 3
    assert len(heard(desk.runtime)) == 21

    acts = desk.audit()
    assert acts[0] == ("p:1", "parked.retry-many", job["id"])
    assert sorted(subject for _, action, subject in acts if action == "parked.retry") == sorted(ids)


def test_a_job_that_is_stopped_moves_no_more(desk: Desk) -> None:
    desk.park(10)
    job = parked_jobs.begin(desk.store, "p:1", RETRY, Filter(), pace=3)
    desk.step()
    stopped = parked_jobs.stop(desk.store, "p:2", job["id"])
    desk.inbox.retry_due()
    assert desk.step() is False
    done = parked_jobs.job(desk.store, job["id"])
    assert (stopped["moved"], done["moved"], done["state"], done["stopped_by"]) == (3, 3, "done", "p:2")
    assert sum(desk.counts().values()) == 7
    assert ("p:2", "parked.stopped", job["id"]) in desk.audit()


def test_messages_are_given_up_many_at_a_time_each_on_record_and_their_copies_do_nothing(desk: Desk) -> None:
    body = withdrawal()
    park(desk.runtime, body)
    desk.park(4)
    job = parked_jobs.begin(desk.store, "p:1", DISCARD, Filter(error="ValueError"), pace=100, reason="made up")
    desk.step()
    assert parked_jobs.job(desk.store, job["id"])["state"] == "done"
    assert desk.counts() == {}
    desk.inbox.take([body])
    assert heard(desk.runtime) == []
    assert [action for _, action, _ in desk.audit()] == ["parked.discard-many"] + ["parked.discard"] * 5


def test_two_replicas_step_a_job_as_one(pair: Pair, tmp_path: Path) -> None:
    desk = Desk(pair, tmp_path)
    other = runtime_for(pair, tmp_path, "routing", hearer_metadata(), desk.clock)
    try:
        desk.park(20)
        job = parked_jobs.begin(desk.store, "p:1", RETRY, Filter(), pace=5)
        desk.clock.forward(seconds=1)
        parked_jobs.step_all(desk.store)
        parked_jobs.step_all(other.store)
        assert parked_jobs.job(desk.store, job["id"])["moved"] == 5
    finally:
        other.store.database.close()
        desk.store.database.close()


def test_nothing_to_do_is_said_before_a_job_begins(desk: Desk) -> None:
    with pytest.raises(Problem) as refused:
        parked_jobs.begin(desk.store, "p:1", RETRY, Filter(error="TypeError"), pace=1)
    assert (refused.value.status, refused.value.code) == (409, "nothing-parked")
    assert desk.audit() == []


def broken(desk: Desk, **changes: Any) -> tuple[str, bytes]:
    body = withdrawal(**changes)
    return park(desk.runtime, body, error="data-breaks-contract", attempts=1), body


def test_a_message_that_broke_its_contract_is_mended_tried_and_both_versions_kept(desk: Desk) -> None:
    event_id, _ = broken(desk, reason=MARK)
    seen = mending.shown(desk.store, SCHEMAS, event_id)
    assert (seen["mendable"], seen["body"]["data"]["reason"]) == (True, "•••")
    assert MARK not in str(seen)

    text = orjson.dumps(seen["body"]).decode().replace("•••", "other")
    assert mending.mend(desk.store, SCHEMAS, "p:1", event_id, text) == 2
    assert desk.inbox.retry_due() == 1
    assert heard(desk.runtime) == [event_id]

    after = mending.shown(desk.store, SCHEMAS, event_id)
    assert after["state"] == "gone"
    assert [(each["version"], each["actor"], each["body"]["data"]["reason"]) for each in after["versions"]] == [
        (1, "as it came", "•••"),
        (2, "p:1", "other"),
    ]
    assert ("p:1", "parked.mend", event_id) in desk.audit()
    table = desk.runtime.metadata.tables["parked_versions"]
    with desk.store.reading() as connection:
        first, _ = connection.execute(select(table).order_by(table.c.version)).all()
    assert MARK.encode() not in bytes(first.body)
    assert MARK.encode() in desk.runtime.resources.keyring.open(f"{event_id} version 1", bytes(first.body))


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"subject": "another-1"}, "/subject", "changed"),
        ({"id": "another-1"}, "/id", "changed"),
        ({"type": "uk.waypost.routing.task.held.v1"}, "/type", "changed"),
        ({"data": {"referral_id": "r-1", "reason": MARK}}, "/data/reason", "invalid"),
        ({"data": {"referral_id": "r-1"}}, "/data/reason", "required"),
    ],
)
def test_what_is_not_mended_right_is_told_and_changes_nothing(
    desk: Desk, change: dict[str, Any], pointer: str, code: str
) -> None:
    event_id, body = broken(desk, reason=MARK)
    text = orjson.dumps(orjson.loads(body) | {"data": {"referral_id": "r-1", "reason": "other"}} | change).decode()
    with pytest.raises(Problem) as refused:
        mending.mend(desk.store, SCHEMAS, "p:1", event_id, text)
    assert (pointer, code) in [(error.pointer, error.code) for error in refused.value.errors]
    assert mending.shown(desk.store, SCHEMAS, event_id)["versions"] == []
    assert desk.audit() == []


@pytest.mark.parametrize("text", ["", "{", "[]", MARK])
def test_what_is_no_event_is_not_taken_for_one(desk: Desk, text: str) -> None:
    event_id, _ = broken(desk, reason=MARK)
    with pytest.raises(Problem) as refused:
        mending.mend(desk.store, SCHEMAS, "p:1", event_id, text)
    assert refused.value.status == 422
    assert MARK not in str(refused.value.body())


def test_a_message_that_is_right_is_not_mended(desk: Desk) -> None:
    (event_id,) = desk.park()
    with pytest.raises(Problem) as refused:
        mending.mend(desk.store, SCHEMAS, "p:1", event_id, withdrawal().decode())
    assert refused.value.status == 409
    with pytest.raises(Problem) as unknown:
        mending.shown(desk.store, SCHEMAS, "nothing-1")
    assert unknown.value.status == 404


def test_parked_messages_wait_for_ever(desk: Desk) -> None:
    (event_id,) = desk.park()
    desk.clock.forward(days=4000)
    desk.inbox.retry_due()
    desk.step()
    (message,) = parked_messages(desk.store)["items"]
    assert message["event_id"] == event_id
    assert desk.clock.now() - message["parked_at"] > timedelta(days=3999)
