"""What the relay sends next: what was given is not looked for, what was not is found, each is marked once: on both pairs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eventlet
import pytest
from sqlalchemy import event

from shared.contracts.envelope import Event, read
from shared.contracts.referrals import ReferralWithdrawn
from shared.contracts.registry import schema_for
from shared.ids import new_id
from shared.messaging import relay
from shared.messaging.broker import Publisher, queue_of
from shared.messaging.runtime import Runtime
from shared.messaging.transaction import Transaction
from tests.support.line import Line, count
from tests.support.pairs import Pair
from tests.support.parts import heard, runtime_for, tell, tell_in


@pytest.fixture
def line(pair: Pair, tmp_path: Path) -> Iterator[Line]:
    line = Line(pair, tmp_path)
    yield line
    line.close()


def test_first_events_are_sent_as_they_were_committed_and_nobody_looks_for_them(line: Line, pair: Pair) -> None:
    asked: list[str] = []
    line.relay.outbox.poll = 60.0
    line.start_relay()
    line.receive_until(tell_first(line, 1))  # From now on it leads.
    line.wait_until_sent()
    engine = line.teller.store.database.engine
    event.listen(engine, "before_cursor_execute", lambda _, __, statement, *___: asked.append(statement))

    line.receive_until(tell_first(line, 30))
    looked = [statement for statement in asked if statement.startswith("SELECT outbox.id")]
    assert looked == [] or pair.name == "default"


def test_each_event_is_sent_once_and_each_subjects_in_order_however_they_are_found(line: Line) -> None:
    line.relay.outbox.poll = 0.005
    line.start_relay()
    consumer = line.hearer.broker.consumer(queue_of("routing"))

    def live(_: int) -> str:
        subject = new_id()
        tell_together(line.teller, subject)
        for _ in range(2):
            with line.teller.store.writing() as transaction:
                tell_in(transaction, subject)
        return subject

    living = eventlet.spawn(lambda: list(eventlet.GreenPool(20).imap(live, range(60))))
    came: list[Event] = []
    while len(came) < 180:
        came += [
            read(body, {ReferralWithdrawn.type(): schema_for(ReferralWithdrawn)}) for body in line.receive(consumer)
        ]
    line.wait_until_sent()
    for subject in living.wait():
        assert [each.sequence for each in came if each.subject == subject] == [1, 2, 3]
    assert consumer.receive(200) == []
    consumer.close()


def test_what_another_process_wrote_is_found_while_this_one_has_always_something_of_its_own(
    line: Line, pair: Pair, tmp_path: Path
) -> None:
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # One process owns the file.
        return
    line.relay.outbox.poll = 0.05
    line.start_relay()
    line.receive_until(tell_first(line, 1))  # From now on it leads.
    other = runtime_for(pair, tmp_path, "referrals", line.teller.metadata, line.clock)
    told = tell(other)
    consumer = line.hearer.broker.consumer(queue_of("routing"))
    for _ in range(500):
        tell_first(line, 1)
        line.receive(consumer)
        if told in heard(line.hearer):
            break
    assert told in heard(line.hearer)
    consumer.close()
    other.store.database.close()


def test_what_was_given_is_sent_with_what_was_not_and_once(line: Line, pair: Pair) -> None:
    """Driven by hand, since it is a matter of who comes first within a moment."""
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # Nothing is given there.
        return
    committed: list[Transaction] = []
    line.teller.store.on_new_events(committed.append)
    publisher = line.teller.broker.publisher()
    with line.relay._alone() as connection:
        line.relay.outbox.leads = True
        assert line.relay.send_waiting(connection, publisher) == 0
        tell_first(line, 1)
        assert line.relay.send_waiting(connection, publisher) == 1
        tell_first(line, 1)
        tell(line.teller)
        tell_first(line, 1)
        assert line.relay.send_waiting(connection, publisher) == 3
        for late in committed[1], committed[3]:  # Found as soon as they were committed, and given only now.
            line.relay.outbox.take(late)
        assert line.relay.send_waiting(connection, publisher) == 0
    publisher.close()


def test_what_is_given_while_the_relay_looks_is_sent_once(line: Line, pair: Pair) -> None:
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # Nothing is given there.
        return
    publisher = line.teller.broker.publisher()
    with line.relay._alone() as connection:
        line.relay.outbox.leads = True
        event.listen(connection, "before_cursor_execute", lambda *_: tell_first(line, 1), once=True)
        assert line.relay.send_waiting(connection, publisher) == 1  # The look finds what was committed before it asked.
        assert line.relay.send_waiting(connection, publisher) == 0
    publisher.close()


def test_what_is_sent_within_a_moment_is_marked_together(
    line: Line, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # It looks each time, and before that it marks.
        return
    monkeypatch.setattr(relay, "MARKED_WITHIN", 60.0)
    line.relay.outbox.poll = 60.0
    line.start_relay()
    for _ in range(3):
        line.receive_until(tell_first(line, 1))
    assert len(line.unsent()) == 3
    monkeypatch.setattr(relay, "MARKED_WITHIN", 0.1)
    line.relay.outbox.wake()  # A look; what is sent must not be found.
    line.wait_until_sent()
    line.receive_until(tell_first(line, 1))
    line.wait_until_sent()

    with line.teller.store.reading() as connection:
        marked_by = connection.exec_driver_sql("SELECT xmin::text FROM outbox ORDER BY id").scalars().all()
    assert len(set(marked_by[:3])) == 1
    assert marked_by[3] != marked_by[0]


def test_a_relay_that_ends_marks_what_it_has_sent(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MARKED_WITHIN", 60.0)
    line.relay.outbox.poll = 60.0
    line.start_relay()
    line.receive_until(tell_first(line, 1))
    line.receive_until(tell_first(line, 1))
    line.close()
    assert line.unsent() == []


def test_what_a_broker_confirmed_before_it_went_is_marked_and_not_sent_again(
    line: Line, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # Its broker is in the process, and goes with it.
        return
    monkeypatch.setattr(relay, "MARKED_WITHIN", 60.0)
    line.relay.outbox.poll = 60.0
    publishers: list[Any] = []
    connect = line.teller.broker.publisher

    def connected() -> Publisher:
        publishers.append(connect())
        return publishers[-1]

    monkeypatch.setattr(line.teller.broker, "publisher", connected)
    line.start_relay()
    line.receive_until(tell_first(line, 1))
    while not line.relay._unmarked:  # What has been received may not have been confirmed yet.
        eventlet.sleep(0.01)
    publishers[0]._connection.connection.transport.sock.close()

    consumer = line.hearer.broker.consumer(queue_of("routing"))
    tell_first(line, 1)
    while not (came := line.receive(consumer)):  # The relay begins again with another connection.
        pass
    assert len(came) == 1
    assert consumer.receive(200) == []
    assert len(publishers) == 2
    consumer.close()


def test_marking_reads_no_more_of_the_outbox_than_it_marks(line: Line, pair: Pair) -> None:
    """PostgreSQL takes a document for a hundred rows, and reads all of a table that is small; its plan is then kept."""
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # It has no such documents.
        return
    tell_first(line, 20)
    marking = """EXPLAIN UPDATE outbox SET sent_at = now()
                 FROM json_to_recordset('[]') AS given(id bigint) WHERE outbox.id = given.id"""
    with line.teller.store.reading() as connection:
        assert "Seq Scan on outbox" in str(connection.exec_driver_sql(marking).all())
    with line.relay._alone() as connection:
        assert "Index Scan using outbox_pkey" in str(connection.exec_driver_sql(marking).all())


def tell_first(line: Line, times: int) -> int:
    """Tells of so many that nobody has told of; answers how many events have been told by now."""
    list(eventlet.GreenPool(20).imap(lambda _: tell_together(line.teller, new_id()), range(times)))
    return count(line.teller, "outbox")


def tell_together(runtime: Runtime, subject: str) -> None:
    data = {"referral_id": subject, "reason": "other"}
    runtime.store.together(lambda transaction: transaction.publish(ReferralWithdrawn, subject, data, first=True))
