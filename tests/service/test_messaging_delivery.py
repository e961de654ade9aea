"""An event is written with what it tells of, sent until it is held, and has its effect once: on both pairs."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest
from sqlalchemy import select

from shared.contracts.referrals import ReferralWithdrawn
from shared.ids import new_id
from shared.messaging import rabbitmq
from shared.messaging.broker import Outgoing, queue_of
from shared.messaging.relay import Relay
from shared.messaging.store import ENOUGH
from shared.messaging.transaction import Transaction
from tests.support.line import Line, count
from tests.support.pairs import Pair
from tests.support.parts import heard, tell, tell_in


@pytest.fixture
def line(pair: Pair, tmp_path: Path) -> Iterator[Line]:
    line = Line(pair, tmp_path)
    yield line
    line.close()


def test_an_event_reaches_its_consumer_and_counts_as_sent_only_then(line: Line) -> None:
    told = [tell(line.teller) for _ in range(5)]
    assert len(line.unsent()) == 5
    line.start_relay()
    line.receive_until(5)
    line.wait_until_sent()
    assert sorted(heard(line.hearer)) == sorted(told)


def test_state_and_event_are_both_there_or_neither(line: Line) -> None:
    letters = line.teller.metadata.tables["letters"]

    def write_and_fail() -> None:
        with line.teller.store.writing() as transaction:
            transaction.insert(letters, id=new_id())
            tell_in(transaction, new_id())
            transaction.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert (count(line.teller, "letters"), count(line.teller, "outbox")) == (0, 0)


def test_an_event_of_a_clock_that_was_ahead_does_not_wait_for_the_right_one_to_come_so_far(line: Line) -> None:
    line.clock.forward(hours=2)
    tell(line.teller)
    line.clock.forward(hours=-2)
    line.start_relay()

    line.receive_until(1)


def test_a_message_that_comes_again_has_no_second_effect(line: Line) -> None:
    tell(line.teller)
    line.start_relay()
    consumer = line.hearer.broker.consumer(queue_of("routing"))
    bodies: list[bytes] = []
    while not bodies:
        bodies = line.receive(consumer)
    line.inbox.take(bodies)
    line.inbox.take(bodies + bodies)
    assert len(heard(line.hearer)) == 1
    assert count(line.hearer, "failures") == 0
    consumer.close()


def test_what_was_sent_but_not_marked_is_sent_again_and_has_one_effect(line: Line) -> None:
    """The relay dies between the broker's confirmation and its own mark."""
    event_id = tell(line.teller)
    outbox = line.teller.metadata.tables["outbox"]
    line.start_relay()
    line.receive_until(1)
    line.wait_until_sent()
    with line.teller.store.writing() as transaction:
        transaction.execute(outbox.update().values(sent_at=None, position=None))
    line.relay.outbox.wake()
    consumer = line.hearer.broker.consumer(queue_of("routing"))
    while not line.receive(consumer):
        pass
    line.wait_until_sent()
    assert heard(line.hearer) == [event_id]
    consumer.close()


def test_events_of_one_subject_are_numbered_without_a_gap_across_transactions(line: Line) -> None:
    subject = new_id()
    with line.teller.store.writing() as transaction:
        transaction.publish(ReferralWithdrawn, subject, {"referral_id": subject, "reason": "other"}, first=True)
    for _ in range(2):
        with line.teller.store.writing() as transaction:
            tell_in(transaction, subject)
            tell_in(transaction, subject)
    outbox = line.teller.metadata.tables["outbox"]
    with line.teller.store.reading() as connection:
        numbers = list(connection.execute(select(outbox.c.sequence).order_by(outbox.c.id)).scalars())
    assert numbers == [1, 2, 3, 4, 5]


def test_an_event_that_no_queue_wants_stays_unsent_and_says_why(line: Line) -> None:
    publisher = line.teller.broker.publisher()
    answers = publisher.publish([Outgoing(1, new_id(), "waypost.events", "uk.waypost.nobody.hears.v1", b"{}")])
    publisher.close()
    assert answers == {1: "unroutable"}


def test_bodies_of_any_length_come_as_they_were_sent(line: Line) -> None:
    """One is longer than the frames that RabbitMQ takes, and one has no frame at all."""
    bodies = [b"", b"{}", b"\x00\xce" * 200_000, "Kœnig".encode()]
    publisher, consumer = line.teller.broker.publisher(), line.hearer.broker.consumer(queue_of("routing"))
    published = [
        Outgoing(number, new_id(), "waypost.events", ReferralWithdrawn.type(), body)
        for number, body in enumerate(bodies)
    ]
    publishing = eventlet.spawn(publisher.publish, published)
    came: list[bytes] = []
    while len(came) < len(bodies):
        messages = consumer.receive(200)
        came += [message.body for message in messages]
        consumer.acknowledge(messages)
    assert publishing.wait() == dict.fromkeys(range(len(bodies)))
    assert came == bodies
    publisher.close()
    consumer.close()


def test_a_relay_with_nothing_to_send_keeps_its_connection(
    line: Line, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "HEARTBEAT", 1)
    publisher = line.teller.broker.publisher()
    for _ in range(40):  # RabbitMQ hangs up after twice the time without a sign of life.
        eventlet.sleep(0.1)
        publisher.beat()
    assert publisher.publish([Outgoing(1, new_id(), "waypost.events", "uk.waypost.nobody.hears.v1", b"{}")]) == {
        1: "unroutable"
    }
    publisher.close()


def test_an_agencys_events_get_positions_in_the_order_in_which_they_were_sent(line: Line) -> None:
    for _ in range(3):
        tell(line.teller, audience="agency-a")
    tell(line.teller, audience="agency-without-a-queue")
    line.start_relay()
    line.wait_until_sent()
    outbox = line.teller.metadata.tables["outbox"]
    with line.teller.store.reading() as connection:
        positions = list(connection.execute(select(outbox.c.position).order_by(outbox.c.id)).scalars())
    assert positions == [1, 2, 3, 4]


def test_a_second_relay_waits_for_the_first(line: Line, pair: Pair) -> None:
    if pair.name == "default":
        assert line.teller.store.database.is_sqlite  # One process owns the file, so there is no second relay.
        return
    line.start_relay()
    tell(line.teller)
    line.receive_until(1)
    second = Relay(line.teller.store, line.teller.broker, line.teller.metrics)
    entered: list[bool] = []

    def enter() -> None:
        with second._alone():
            entered.append(True)

    waiting = eventlet.spawn(enter)
    eventlet.sleep(0.05)
    assert entered == []
    line.relay.stop()
    waiting.wait()
    assert entered == [True]


def test_many_requests_share_a_commit_and_one_that_fails_takes_no_other_with_it(line: Line) -> None:
    letters = line.teller.metadata.tables["letters"]
    ids = [f"letter-{number}" for number in range(20)]

    def ask(letter: str) -> str:
        def work(transaction: Transaction) -> str:
            transaction.insert(letters, id=letter)
            tell_in(transaction, new_id())
            return letter

        try:
            return str(line.teller.store.together(work))
        except Exception as error:
            return type(error).__name__

    answers = list(eventlet.GreenPool(50).imap(ask, [*ids, "letter-3"]))
    assert sorted(answer for answer in answers if answer.startswith("letter")) == sorted(ids)
    assert answers.count("IntegrityError") == 1
    assert (count(line.teller, "letters"), count(line.teller, "outbox")) == (20, 20)


def test_of_a_crowd_about_half_share_a_commit(line: Line, pair: Pair) -> None:
    """More would leave this process nothing to read while PostgreSQL writes, and fewer make it write more often."""
    crowd, times = 100, 4
    shared: Counter[Transaction] = Counter()

    def work(transaction: Transaction) -> None:
        shared.update([transaction])
        tell_in(transaction, new_id())

    def ask(_: int) -> None:
        for _ in range(times):
            line.teller.store.together(work)

    list(eventlet.GreenPool(crowd).imap(ask, range(crowd)))
    assert shared.total() == crowd * times
    if pair.name == "default":
        assert set(shared.values()) <= set(range(ENOUGH + 1)), "SQLite writes in this process: nothing comes meanwhile"
    else:
        # Fewer share one where the database is done before those it answered are back: on a busy machine, most.
        assert crowd * 0.4 <= max(shared.values()) <= crowd * 0.6
