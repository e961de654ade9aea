"""What fails is kept, tried again and parked, and delays nothing else: on both pairs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from shared.contracts.envelope import Event, write
from shared.contracts.referrals import ConsentGiven, ReferralWithdrawn
from shared.contracts.registry import schema_for
from shared.ids import new_id
from shared.messaging.inbox import Inbox
from shared.messaging.parked import discard_parked, parked_groups, parked_messages, retry_parked
from shared.messaging.retry import RetryPolicy
from shared.messaging.runtime import Runtime
from shared.messaging.transaction import Transaction
from tests.support.pairs import Pair
from tests.support.parts import SteppedClock, heard, hearer_metadata, note, runtime_for


class Stubborn:
    """A handler that fails for the subjects it was told to fail for."""

    def __init__(self) -> None:
        self.failing: set[str] = set()

    def __call__(self, transaction: Transaction, event: Event) -> None:
        note(transaction, event)
        if event.subject in self.failing:
            raise ValueError("Test Child lives at KT1 1AA")


class Hearer:
    def __init__(self, pair: Pair, folder: Path) -> None:
        self.clock = SteppedClock()
        self.runtime: Runtime = runtime_for(pair, folder, "routing", hearer_metadata(), self.clock)
        with self.runtime.store.database.writing() as connection:
            self.runtime.metadata.create_all(connection)
        self.handler = Stubborn()
        policy = RetryPolicy(attempts=3, first=2, longest=60)
        self.inbox = Inbox(self.runtime.store, {ReferralWithdrawn: self.handler}, self.runtime.metrics, policy)

    def failures(self) -> list[Any]:
        with self.runtime.store.reading() as connection:
            return list(connection.execute(select(self.runtime.metadata.tables["failures"])))

    def taken(self) -> Any:
        """The only message that was taken."""
        with self.runtime.store.reading() as connection:
            return connection.execute(select(self.runtime.metadata.tables["inbox"])).one()


@pytest.fixture
def hearer(pair: Pair, tmp_path: Path) -> Iterator[Hearer]:
    hearer = Hearer(pair, tmp_path)
    yield hearer
    hearer.runtime.store.database.close()


def body_about(subject: str, clock: SteppedClock) -> bytes:
    event = Event(
        id=new_id(),
        source="urn:waypost:referrals",
        type=ReferralWithdrawn.type(),
        subject=subject,
        time=clock.now(),
        sequence=1,
        correlation_id=new_id(),
        causation_id=None,
        data={"referral_id": subject, "reason": "other"},
    )
    return write(schema_for(ReferralWithdrawn), event)


def test_one_bad_message_in_a_batch_delays_no_other(hearer: Hearer) -> None:
    subjects = [new_id() for _ in range(10)]
    hearer.handler.failing = {subjects[4]}
    hearer.inbox.take([body_about(subject, hearer.clock) for subject in subjects])
    assert len(heard(hearer.runtime)) == 9
    (failure,) = hearer.failures()
    assert (failure.error, failure.attempts, failure.parked_at) == ("ValueError", 1, None)
    assert failure.due_at > hearer.clock.now()
    assert failure.place.startswith("shared.messaging.inbox:_handle:")


def test_a_failed_message_is_tried_again_when_due_and_not_before(hearer: Hearer) -> None:
    subject = new_id()
    hearer.handler.failing = {subject}
    hearer.inbox.take([body_about(subject, hearer.clock)])
    hearer.handler.failing = set()
    assert hearer.inbox.retry_due() == 0
    hearer.clock.forward(seconds=3)
    assert hearer.inbox.retry_due() == 1
    assert len(heard(hearer.runtime)) == 1
    assert hearer.failures() == []
    taken = hearer.taken()
    assert (taken.attempts, taken.error, taken.given_up) == (2, "ValueError", False)
    assert taken.first_failed_at == taken.taken_at - timedelta(seconds=3)


def test_after_the_last_attempt_a_message_is_parked_and_a_person_can_have_it_tried_again(hearer: Hearer) -> None:
    subject = new_id()
    hearer.handler.failing = {subject}
    hearer.inbox.take([body_about(subject, hearer.clock)])
    for _ in range(2):
        hearer.clock.forward(minutes=2)
        hearer.inbox.retry_due()
    (failure,) = hearer.failures()
    assert (failure.attempts, failure.due_at) == (3, None)
    assert failure.parked_at == hearer.clock.now()
    hearer.clock.forward(days=400)
    assert hearer.inbox.retry_due() == 0
    assert [group["count"] for group in parked_groups(hearer.runtime.store)] == [1]

    hearer.handler.failing = set()
    assert retry_parked(hearer.runtime.store, "operations", [failure.event_id]) == 1
    assert hearer.inbox.retry_due() == 1
    assert len(heard(hearer.runtime)) == 1


def test_a_discarded_message_stays_without_effect_when_it_comes_again_and_the_reason_is_kept(hearer: Hearer) -> None:
    body = body_about(new_id(), hearer.clock)
    hearer.inbox.take([body.replace(b'"reason":"other"', b'"reason":7')])
    (message,) = parked_messages(hearer.runtime.store)["items"]
    assert message["error"] == "data-breaks-contract"
    assert discard_parked(hearer.runtime.store, "operations", "test message", [message["event_id"]]) == 1
    hearer.inbox.take([body])
    assert heard(hearer.runtime) == []
    assert (hearer.taken().error, hearer.taken().given_up) == ("data-breaks-contract", True)
    with hearer.runtime.store.reading() as connection:
        audit = connection.execute(select(hearer.runtime.metadata.tables["audit"])).one()
    assert (audit.actor, audit.action, audit.detail) == ("operations", "parked.discard", "test message")


def test_a_copy_that_comes_while_the_first_waits_for_its_retry_does_nothing(hearer: Hearer) -> None:
    subject = new_id()
    hearer.handler.failing = {subject}
    body = body_about(subject, hearer.clock)
    hearer.inbox.take([body])
    hearer.handler.failing = set()
    hearer.inbox.take([body])
    assert heard(hearer.runtime) == []
    hearer.clock.forward(seconds=5)
    hearer.inbox.retry_due()
    assert len(heard(hearer.runtime)) == 1


GARBAGE = {
    "not-json": b"\xff\xfe not json",
    "not-a-cloudevent": b'["a list"]',
    "envelope-incomplete": b'{"specversion": "1.0", "id": "x"}',
    "too-large": b'"' + b"a" * 5_000_000 + b'"',
}


@pytest.mark.parametrize("code", GARBAGE)
def test_what_cannot_be_read_is_parked_and_sealed(hearer: Hearer, code: str) -> None:
    good = body_about(new_id(), hearer.clock)
    hearer.inbox.take([GARBAGE[code], good, GARBAGE[code]])
    assert len(heard(hearer.runtime)) == 1
    (failure,) = hearer.failures()
    assert (failure.error, failure.size) == (code, len(GARBAGE[code]))
    assert failure.parked_at is not None
    assert GARBAGE[code][:8] not in failure.body
    kept = hearer.inbox.failures.body_of(failure.event_id, failure.body)
    assert GARBAGE[code].startswith(kept)


def test_an_event_type_that_nobody_handles_here_is_noted_and_does_nothing(hearer: Hearer) -> None:
    body = body_about(new_id(), hearer.clock).replace(ReferralWithdrawn.type().encode(), ConsentGiven.type().encode())
    hearer.inbox.take([body])
    assert (heard(hearer.runtime), hearer.failures()) == ([], [])


def test_no_text_of_an_error_is_kept_or_logged(hearer: Hearer, capfd: pytest.CaptureFixture[str]) -> None:
    subject = new_id()
    hearer.handler.failing = {subject}
    hearer.inbox.take([body_about(subject, hearer.clock)])
    written = capfd.readouterr()
    assert "ValueError" in written.out + written.err
    assert "Test Child" not in written.out + written.err + str(hearer.failures())


def test_when_not_even_the_failure_can_be_written_the_batch_is_not_taken(hearer: Hearer) -> None:
    body = body_about(new_id(), hearer.clock)
    with hearer.runtime.store.database.writing() as connection:
        hearer.runtime.metadata.drop_all(connection)
    with pytest.raises(DBAPIError):
        hearer.inbox.take([body])
