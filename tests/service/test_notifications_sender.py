"""A message is recorded with its event, sent outside of it, once, and its end published; on both pairs."""

from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest
from sqlalchemy import select

from services.notifications.carriers.carrier import CarrierAway, Message, NotTaken
from services.notifications.deliveries import BATCH, LEASE, claim, put_back
from services.notifications.sender import POLICY
from services.notifications.service import NotificationsService
from services.notifications.tables import deliveries
from shared.ids import new_id
from tests.support.notifying import (
    REFERENCE,
    Notifications,
    routed,
    submitted,
    task_cancelled,
)
from tests.support.pairs import Pair, scale_pair
from tests.support.postbox import Postbox
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ


@pytest.fixture
def notifications(stores: Pair, tmp_path: Path) -> Iterator[Notifications]:
    service = Notifications(stores, tmp_path)
    yield service
    service.close()


def test_the_same_event_twice_is_one_message(notifications: Notifications) -> None:
    event = submitted()
    notifications.take(event, event)
    notifications.take(event)
    notifications.sender.send_due()
    notifications.sender.send_due()
    assert len(notifications.mails()) == 1


def test_a_message_waits_for_the_event_that_knows_the_reference(notifications: Notifications) -> None:
    notifications.take(task_cancelled())
    notifications.sender.send_due()
    assert (notifications.row().status, notifications.row().problem) == ("pending", "reference-not-known")
    notifications.take(routed())
    notifications.clock.forward(seconds=POLICY.first)
    notifications.sender.send_due()
    assert f"Referral {REFERENCE} has been cancelled" in [mail["Subject"] for mail in notifications.mails()]


def test_referrals_is_asked_for_the_address_with_key_and_purpose_when_the_message_goes(
    notifications: Notifications,
) -> None:
    notifications.take(submitted())
    assert notifications.referrals.asked == []
    notifications.sender.send_due()
    assert notifications.referrals.asked == [
        {
            "path": "/internal/v1/recipients",
            "readers": [
                {
                    "referral_id": "referral-1",
                    "audience": "referrer",
                    "purpose": "received",
                    "event": notifications.row().event_id,
                }
            ],
            "key": "Bearer internal-key-of-a-test",
        }
    ]


def test_no_address_is_kept_or_published_or_logged(
    notifications: Notifications, capsys: pytest.CaptureFixture[str]
) -> None:
    postbox = Postbox()
    postbox.problems["referrer@example.org"] = NotTaken("recipient-refused", final=True)
    notifications.take(submitted(), routed())
    notifications.sender_with(postbox).send_due()
    written = capsys.readouterr()
    assert "message.failed" in written.out + written.err
    for text in (repr(notifications.rows()), repr(notifications.published()), written.out, written.err):
        assert "referrer@example.org" not in text
        assert "agency@example.org" not in text


def test_where_writing_is_not_safe_nothing_is_sent_and_the_reason_is_told(notifications: Notifications) -> None:
    notifications.referrals.answer = {"channel": None, "reason": "no-e-mail"}
    notifications.take(submitted())
    notifications.sender.send_due()
    assert (notifications.row().status, notifications.row().problem) == ("suppressed", "no-e-mail")
    (event,) = notifications.published()
    assert event["type"] == "uk.waypost.notifications.notification.suppressed.v1"
    assert event["data"]["reason"] == "no-e-mail"
    assert notifications.mails() == []


def test_a_refused_recipient_has_failed_at_once_and_delays_nobody(notifications: Notifications) -> None:
    postbox = Postbox()
    postbox.problems["agency@example.org"] = NotTaken("recipient-refused", final=True)
    notifications.take(submitted(), routed())
    notifications.sender_with(postbox).send_due()
    assert [(row.template, row.status) for row in notifications.rows()] == [
        ("received", "sent"),
        ("routed", "sent"),
        ("task-new", "failed"),
    ]
    failed = [event["data"] for event in notifications.published() if ".failed." in event["type"]]
    assert [(data["template"], data["reason"]) for data in failed] == [("task-new", "recipient-refused")]


def test_a_failure_that_may_pass_is_tried_later_and_later_then_has_failed(notifications: Notifications) -> None:
    postbox = Postbox()
    postbox.problems["referrer@example.org"] = NotTaken("recipient-deferred")
    sender = notifications.sender_with(postbox)
    notifications.take(submitted())
    waits = []
    while notifications.row().status == "pending":
        sender.send_due()
        assert sender.send_due() == 0, "tried again before it was due"
        waits.append((notifications.row().due_at - notifications.clock.now()).total_seconds())
        notifications.clock.forward(seconds=POLICY.longest)
    assert (notifications.row().status, notifications.row().attempts) == ("failed", POLICY.attempts)
    assert waits[0] <= 30 < waits[2] <= 120 < waits[10]
    (event,) = notifications.published()
    assert event["data"]["reason"] == "recipient-deferred"


def test_while_the_carrier_is_away_no_address_is_asked_for_and_all_wait(notifications: Notifications) -> None:
    postbox = Postbox()
    postbox.away = "carrier-away"
    sender = notifications.sender_with(postbox)
    notifications.take(submitted(), routed())
    with pytest.raises(CarrierAway):
        sender.send_due()
    assert notifications.referrals.asked == []
    assert {(row.status, row.problem, row.attempts) for row in notifications.rows()} == {("pending", "carrier-away", 1)}
    postbox.away = None
    notifications.clock.forward(seconds=POLICY.first)
    assert sender.send_due() == 3
    assert {row.status for row in notifications.rows()} == {"sent"}


def test_a_message_that_breaks_the_line_is_the_only_one_to_wait(notifications: Notifications) -> None:
    postbox = Postbox()
    postbox.problems["referrer@example.org"] = CarrierAway("connection-lost")
    sender = notifications.sender_with(postbox)
    notifications.take(submitted())
    notifications.clock.forward(seconds=1)
    notifications.take(task_cancelled())
    with pytest.raises(CarrierAway):
        sender.send_due()
    assert [(row.template, row.attempts) for row in notifications.rows()] == [("received", 1), ("task-cancelled", 0)]
    assert sender.send_due() == 1
    assert [message.address for message in postbox.taken] == ["agency@example.org"]


def test_one_connection_serves_a_batch(notifications: Notifications) -> None:
    postbox = Postbox()
    notifications.take(*(submitted(new_id()) for _ in range(BATCH)))
    assert notifications.sender_with(postbox).send_due() == BATCH
    assert (len(postbox.taken), postbox.connections) == (BATCH, 1)


def test_a_fault_in_one_message_holds_up_no_other(notifications: Notifications) -> None:
    postbox = Postbox()
    sender = notifications.sender_with(postbox)
    del sender._templates["received"]
    notifications.take(submitted(), routed())
    sender.send_due()
    assert [(row.template, row.status, row.problem) for row in notifications.rows()] == [
        ("received", "pending", "fault"),
        ("routed", "sent", None),
        ("task-new", "sent", None),
    ]


def test_two_replicas_send_each_message_once(stores: Pair, tmp_path: Path) -> None:
    replicas = [Notifications(stores, tmp_path), Notifications(stores, tmp_path)]
    postbox = Postbox()
    postbox.slow = True
    replicas[0].take(*(submitted(new_id()) for _ in range(3 * BATCH)))

    def send_all(replica: Notifications) -> int:
        sender, count = replica.sender_with(postbox), 0
        while sent := sender.send_due():
            count += sent
        return count

    counts = [thread.wait() for thread in [eventlet.spawn(send_all, replica) for replica in replicas]]
    assert sum(counts) == 3 * BATCH
    assert min(counts) > 0, "one replica did it all: nothing was proven"
    assert len({message.id for message in postbox.taken}) == len(postbox.taken) == 3 * BATCH
    for replica in replicas:
        replica.close()


def test_what_another_replica_is_claiming_is_passed_over_not_waited_for(
    postgres: Postgres, rabbitmq: RabbitMQ, tmp_path: Path
) -> None:
    notifications = Notifications(scale_pair(postgres, rabbitmq), tmp_path)
    notifications.take(submitted("referral-1"), submitted("referral-2"))
    with notifications.store.writing() as another:
        another.execute(select(deliveries).where(deliveries.c.referral_id == "referral-1").with_for_update())
        assert [delivery.referral_id for delivery in claim(notifications.store)] == ["referral-2"]
    notifications.close()


def test_what_a_dead_replica_had_claimed_is_sent_by_another_under_the_same_id(notifications: Notifications) -> None:
    notifications.take(submitted())
    (lost,) = claim(notifications.store)
    assert notifications.sender.send_due() == 0
    notifications.clock.forward(seconds=LEASE.total_seconds())
    assert notifications.sender.send_due() == 1
    (mail,) = notifications.mails()
    assert mail["Message-ID"] == f"<{lost.id}@example.org>"


def test_who_lost_a_claim_cannot_give_it_back(notifications: Notifications) -> None:
    notifications.take(submitted())
    (lost,) = claim(notifications.store)
    notifications.clock.forward(seconds=LEASE.total_seconds())
    (held,) = claim(notifications.store)
    put_back(notifications.store, lost, notifications.clock.now())
    assert claim(notifications.store) == []
    put_back(notifications.store, held, notifications.clock.now())
    assert len(claim(notifications.store)) == 1


def test_a_sender_that_lost_its_claim_writes_no_second_end(notifications: Notifications) -> None:
    class Overtaken(Postbox):
        def send(self, message: Message) -> None:
            super().send(message)
            notifications.clock.forward(seconds=LEASE.total_seconds())
            notifications.sender.send_due()

    notifications.take(submitted())
    notifications.sender_with(Overtaken()).send_due()
    assert [event["type"] for event in notifications.published()] == ["uk.waypost.notifications.notification.sent.v1"]
    assert notifications.row().attempts == 1


def test_the_sender_sleeps_until_events_wake_it_and_stops_when_told(notifications: Notifications) -> None:
    postbox = Postbox()
    service = NotificationsService()
    service.inbox, service.sender = notifications.inbox, notifications.sender_with(postbox)  # type: ignore[assignment]
    sender = service.sender
    running = eventlet.spawn(sender.run)
    eventlet.sleep(0.05)
    service.receive([submitted()])
    while not postbox.taken:
        eventlet.sleep(0.01)
    sender.stop()
    running.wait()
    assert notifications.row().status == "sent"


def test_what_was_sent_is_written_down_while_the_next_message_dawdles(notifications: Notifications) -> None:
    seen: list[list[str]] = []

    class Dawdling(Postbox):
        def send(self, message: Message) -> None:
            if self.taken:
                with eventlet.Timeout(10):
                    while not any(row.status == "sent" for row in notifications.rows()):
                        eventlet.sleep(0.01)
                seen.append(sorted(row.status for row in notifications.rows()))
            super().send(message)

    notifications.take(submitted("referral-1"), submitted("referral-2"))
    assert notifications.sender_with(Dawdling()).send_due() == 2
    assert seen == [["pending", "sent"]]
    assert [row.status for row in notifications.rows()] == ["sent", "sent"]


def test_stopping_gives_back_what_was_claimed_and_not_yet_begun(notifications: Notifications) -> None:
    class Stopping(Postbox):
        def send(self, message: Message) -> None:
            super().send(message)
            sender._stopping = True

    postbox = Stopping()
    sender = notifications.sender_with(postbox)
    notifications.take(submitted(new_id()), submitted(new_id()))
    sender.send_due()
    assert len(postbox.taken) == 1
    assert sorted((row.status, row.attempts) for row in notifications.rows()) == [("pending", 0), ("sent", 1)]
    assert notifications.sender.send_due() == 1
