"""What agencies, referrers and families are told of, in which words, and what they are spared; on both pairs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
from tests.support.pairs import Pair
from tests.support.postbox import Postbox


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
