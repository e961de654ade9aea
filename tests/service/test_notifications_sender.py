"""An event leads to one message: recorded with the event, sent outside of it, its end published; on both pairs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import eventlet
import pytest
from sqlalchemy import select

from services.notifications.carriers.carrier import CarrierAway, Line, Message, NotTaken
from services.notifications.deliveries import BATCH, LEASE, claim, put_back
from services.notifications.sender import POLICY
from services.notifications.service import NotificationsService
from services.notifications.tables import deliveries
from shared.contracts.referrals import ConsentAwaited, ConsentExpired, ReferralClosed, ReferralReopened
from shared.contracts.routing import (
    TaskAccepted,
    TaskCompleted,
    TaskDue,
    TaskFailed,
    TaskHeld,
    TaskOverdue,
    TaskRejected,
)
from shared.ids import new_id
from tests.support.notifying import (
    PAGE,
    REFERENCE,
    Notifications,
    information_requested,
    not_eligible,
    routed,
    said,
    submitted,
    task_cancelled,
    under_review,
    withdrawn,
)
from tests.support.pairs import Pair, scale_pair
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ


class Postbox:
    """A carrier of the test's own: keeps what it is given, and fails as it is told."""

    def __init__(self, channel: str = "e-mail") -> None:
        self.channel = channel
        self.taken: list[Message] = []
        self.connections = 0
        self.away: str | None = None
        self.problems: dict[str, NotTaken] = {}
        self.slow = False

    @contextmanager
    def line(self) -> Iterator[Line]:
        if self.away:
            raise CarrierAway(self.away)
        self.connections += 1
        yield self

    def send(self, message: Message) -> None:
        if self.slow:
            eventlet.sleep(0.01)
        if problem := self.problems.get(message.address):
            raise problem
        self.taken.append(message)


@pytest.fixture
def notifications(stores: Pair, tmp_path: Path) -> Iterator[Notifications]:
    service = Notifications(stores, tmp_path)
    yield service
    service.close()


def test_agency_and_referrer_hear_of_everything_that_happens(notifications: Notifications) -> None:
    notifications.take(
        submitted(),
        submitted("referral-2", consent_scope=[]),
        routed(),
        information_requested(),
        under_review(),
        not_eligible(),
        withdrawn(),
        task_cancelled(),
    )
    assert notifications.sender.send_due() == 11
    assert [(row.template, row.audience, row.status, row.attempts) for row in notifications.rows()] == [
        ("agreement-wanted", "referrer", "sent", 1),
        ("family-not-eligible", "family", "suppressed", 1),
        ("family-withdrawn", "family", "suppressed", 1),
        ("information-wanted", "referrer", "sent", 1),
        ("not-eligible", "referrer", "sent", 1),
        ("received", "referrer", "sent", 1),
        ("routed", "referrer", "sent", 1),
        ("task-cancelled", "agency", "sent", 1),
        ("task-new", "agency", "sent", 1),
        ("under-review", "referrer", "sent", 1),
        ("withdrawn", "referrer", "sent", 1),
    ]
    assert (
        sorted(mail["To"] for mail in notifications.mails())
        == ["agency@example.org"] * 2 + ["referrer@example.org"] * 7
    )


def test_everything_that_agencies_do_and_owe_is_told_to_whom_it_concerns(notifications: Notifications) -> None:
    notifications.take(
        submitted(),
        said(TaskAccepted),
        said(TaskRejected),
        said(TaskHeld, reason="waiting-list"),
        said(TaskHeld, reason="awaiting-information"),
        said(TaskCompleted),
        said(TaskFailed),
        said(TaskDue, what="decide"),
        said(TaskOverdue, what="decide"),
        said(TaskDue, what="recall"),
        said(TaskOverdue, what="recall"),
        said(ReferralClosed, reason="consent-never-given"),
        said(ReferralReopened),
        said(ConsentExpired),
        said(ConsentAwaited),
    )
    notifications.sender.send_due()
    assert [(row.template, row.audience, row.status) for row in notifications.rows()] == [
        ("accepted", "referrer", "sent"),
        ("agreement-expired", "referrer", "sent"),
        ("agreement-reminder", "referrer", "sent"),
        ("chasing", "referrer", "sent"),
        ("closed", "referrer", "sent"),
        ("completed", "referrer", "sent"),
        ("ended", "referrer", "sent"),
        ("family-accepted", "family", "suppressed"),
        ("family-ended", "family", "suppressed"),
        ("on-hold", "referrer", "sent"),
        ("recall-due", "agency", "sent"),
        ("recall-overdue", "agency", "sent"),
        ("received", "referrer", "sent"),
        ("rejected", "referrer", "sent"),
        ("reopened", "referrer", "sent"),
        ("task-due", "agency", "sent"),
        ("task-overdue", "agency", "sent"),
    ]
    (mail,) = [mail for mail in notifications.mails() if "is late" in mail["Subject"]]
    assert "we needed your answer whether you can take it by 27 November 2026" in mail.get_content()


def test_the_mail_has_reference_link_and_the_deliverys_id(notifications: Notifications) -> None:
    notifications.take(submitted())
    notifications.sender.send_due()
    (mail,) = notifications.mails()
    assert mail["Subject"] == f"We have your referral {REFERENCE}"
    assert mail["From"] == "Waypost <waypost@example.org>"
    assert mail["Message-ID"] == f"<{notifications.row().id}@example.org>"
    assert PAGE in mail.get_content().splitlines()


def test_the_address_of_a_page_is_kept_by_nobody_but_its_reader(
    notifications: Notifications, capsys: pytest.CaptureFixture[str]
) -> None:
    notifications.take(submitted())
    notifications.sender.send_due()
    written = capsys.readouterr()
    for text in (repr(notifications.rows()), repr(notifications.published()), written.out, written.err):
        assert "made-up-token" not in text


def test_a_family_hears_by_text_where_that_is_safe_in_a_few_words(notifications: Notifications) -> None:
    email, text = Postbox(), Postbox("text")
    notifications.referrals.family = {"channel": "text", "address": "01632 960002", "may_text": True, "link": PAGE}
    notifications.take(routed(kind="family-support"))
    notifications.sender_with(email, text).send_due()
    (message,) = text.taken
    assert (message.address, message.subject) == ("01632 960002", "")
    assert message.body == f"Referral {REFERENCE} was passed on. Somebody will be in touch. {PAGE}"
    assert [event["data"]["channel"] for event in notifications.published() if "family" in str(event)] == ["text"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"channel": "text", "address": "01632 960002", "may_text": False}, "unsafe-channel"),
        ({"channel": None, "reason": "through-referrer-only"}, "through-referrer-only"),
    ],
)
def test_a_family_that_it_is_not_safe_to_write_to_gets_nothing_and_that_shows(
    notifications: Notifications, answer: dict[str, object], reason: str
) -> None:
    email, text = Postbox(), Postbox("text")
    notifications.referrals.family = answer
    notifications.take(routed(kind="family-support"))
    notifications.sender_with(email, text).send_due()
    assert text.taken == []
    assert sorted(message.address for message in email.taken) == ["agency@example.org", "referrer@example.org"]
    held = [event["data"] for event in notifications.published() if ".suppressed." in event["type"]]
    assert [(data["audience"], data["reason"]) for data in held] == [("family", reason)]


def test_a_text_where_nothing_sends_texts_is_held_back_and_shows(notifications: Notifications) -> None:
    notifications.referrals.family = {"channel": "text", "address": "01632 960002", "may_text": True}
    notifications.take(routed(kind="family-support"))
    notifications.sender_with(Postbox()).send_due()
    assert [(row.status, row.problem) for row in notifications.rows() if row.audience == "family"] == [
        ("suppressed", "channel-not-served")
    ]


def test_a_professional_who_asked_for_advice_has_no_family_that_would_hear_of_it(notifications: Notifications) -> None:
    notifications.take(routed(kind="consultation"))
    assert {row.audience for row in notifications.rows()} == {"agency", "referrer"}


def test_a_message_that_was_sent_is_told_of_with_its_cause(notifications: Notifications) -> None:
    notifications.take(submitted())
    notifications.sender.send_due()
    (event,) = notifications.published()
    row = notifications.row()
    assert event["type"] == "uk.waypost.notifications.notification.sent.v1"
    assert (event["subject"], event["causationid"], event["correlationid"]) == (
        "referral-1",
        row.event_id,
        "correlation-1",
    )
    assert event["data"] == {
        "referral_id": "referral-1",
        "delivery_id": row.id,
        "audience": "referrer",
        "channel": "e-mail",
        "template": "received",
    }


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
