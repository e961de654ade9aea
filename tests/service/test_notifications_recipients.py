"""Where a message goes is asked when it goes: settings and directory know the agency, `referrals` all others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.notifications.carriers.carrier import NotTaken
from services.notifications.deliveries import BATCH, Delivery
from services.notifications.recipients import Nowhere, Recipient, Recipients
from services.referrals.recipients import MOST
from shared.resources import Resources
from tests.support.notifying import PAGE, REFERENCE, WRITTEN_AT, ReferralsNearby
from tests.support.pairs import default_pair
from tests.support.parts import settings_for


@pytest.fixture
def referrals() -> Iterator[ReferralsNearby]:
    nearby = ReferralsNearby()
    yield nearby
    nearby.stop()


@pytest.fixture
def recipients(referrals: ReferralsNearby, tmp_path: Path) -> Recipients:
    settings = settings_for(default_pair(tmp_path), tmp_path)
    mail = {"families-apart": "agency@example.org"}
    return Recipients(Resources(replace(settings, referrals_url=referrals.url, agency_mail=mail)))


def about(audience: str, purpose: str, number: int = 1, agency: str | None = None) -> Delivery:
    """A delivery as its sender holds it."""
    return Delivery(
        id=f"delivery-{number}",
        claim="claim",
        event_id=f"event-{number}",
        correlation_id="correlation-1",
        referral_id=f"referral-{number}",
        reference=REFERENCE,
        template=purpose,
        audience=audience,
        agency=agency,
        link=PAGE,
        words={},
        attempts=0,
        created_at=WRITTEN_AT,
    )


def of(recipients: Recipients, delivery: Delivery) -> Recipient:
    return recipients.of_batch([delivery]).of(delivery)


def referrer(recipients: Recipients) -> str:
    return of(recipients, about("referrer", "received")).address


def family(recipients: Recipients) -> Recipient:
    return of(recipients, about("family", "family-routed"))


def agency(recipients: Recipients, agency_id: str) -> str:
    return of(recipients, about("agency", "task-new", agency=agency_id)).address


def reader(number: int, audience: str, purpose: str) -> dict[str, str]:
    return {
        "referral_id": f"referral-{number}",
        "audience": audience,
        "purpose": purpose,
        "event": f"event-{number}",
    }


def test_referrals_is_asked_with_the_services_key_and_told_the_purpose(
    recipients: Recipients, referrals: ReferralsNearby
) -> None:
    assert referrer(recipients) == "referrer@example.org"
    assert referrals.asked == [
        {
            "path": "/internal/v1/recipients",
            "readers": [reader(1, "referrer", "received")],
            "key": "Bearer internal-key-of-a-test",
        }
    ]


def test_the_key_is_handed_to_no_proxy(
    recipients: Recipients, referrals: ReferralsNearby, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = ReferralsNearby()
    monkeypatch.setenv("http_proxy", proxy.url)
    referrer(recipients)
    proxy.stop()
    assert (len(referrals.asked), proxy.asked) == (1, [])


def test_the_agencys_address_is_that_of_the_settings(recipients: Recipients, referrals: ReferralsNearby) -> None:
    assert agency(recipients, "families-apart") == "agency@example.org"
    assert referrals.asked == []


@pytest.mark.parametrize(("agency_id", "reason"), [("time-matters", "no-address"), ("gone-agency", "unknown-agency")])
def test_an_agency_without_an_address_is_nowhere(recipients: Recipients, agency_id: str, reason: str) -> None:
    with pytest.raises(Nowhere, match=reason):
        agency(recipients, agency_id)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"channel": None, "reason": "no-e-mail"}, "no-e-mail"),
        ({"channel": None}, "no-address"),
        ({"channel": "e-mail"}, "no-address"),
    ],
)
def test_where_writing_is_not_safe_or_not_possible_is_nowhere(
    recipients: Recipients, referrals: ReferralsNearby, answer: object, reason: str
) -> None:
    referrals.answer = answer
    with pytest.raises(Nowhere, match=f"^{reason}$"):
        referrer(recipients)


def test_a_family_is_asked_after_as_such_and_led_to_its_own_page(
    recipients: Recipients, referrals: ReferralsNearby
) -> None:
    referrals.family = {"channel": "text", "address": "01632 960001", "may_text": True, "link": PAGE}
    assert family(recipients) == Recipient("text", "01632 960001", PAGE)
    assert referrals.asked[0]["readers"] == [reader(1, "family", "family-routed")]


@pytest.mark.parametrize("told", [{"may_text": False}, {}])
def test_no_text_goes_where_texting_was_not_called_safe(
    recipients: Recipients, referrals: ReferralsNearby, told: dict[str, bool]
) -> None:
    referrals.family = {"channel": "text", "address": "01632 960001", **told}
    with pytest.raises(Nowhere, match=r"^unsafe-channel$"):
        family(recipients)


def test_neither_address_nor_page_shows_in_a_representation(recipients: Recipients) -> None:
    shown = repr(of(recipients, about("referrer", "received")))
    assert "example.org" not in shown


@pytest.mark.parametrize(
    ("status", "answer", "code", "final"),
    [
        (200, {"channel": None, "reason": "recipient-unknown"}, "recipient-unknown", True),
        (404, {}, "referrals-refused", False),
        (401, {}, "referrals-refused", False),
        (503, {}, "referrals-refused", False),
        (200, {"channel": 7}, "recipient-unreadable", False),
        (200, {"channel": None, "reason": "Test Child lives here"}, "recipient-unreadable", False),
        (200, [], "recipient-unreadable", False),
    ],
)
def test_what_referrals_cannot_answer_is_final_or_asked_again(
    recipients: Recipients, referrals: ReferralsNearby, status: int, answer: object, code: str, final: bool
) -> None:
    referrals.status, referrals.answer = status, answer
    with pytest.raises(NotTaken, match=f"^{code}$") as raised:
        referrer(recipients)
    assert raised.value.final is final


def test_the_key_is_taken_to_no_other_address(recipients: Recipients, referrals: ReferralsNearby) -> None:
    elsewhere = ReferralsNearby()
    referrals.status, referrals.location = 302, elsewhere.url
    with pytest.raises(NotTaken, match="referrals-refused"):
        referrer(recipients)
    elsewhere.stop()
    assert elsewhere.asked == []


def test_an_answer_that_is_no_json_is_asked_for_again(recipients: Recipients, referrals: ReferralsNearby) -> None:
    referrals.raw = b"<html>"
    with pytest.raises(NotTaken, match="recipient-unreadable"):
        referrer(recipients)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"recipients": []}', b'{"recipients": 7}'])
def test_an_answer_that_names_not_each_reader_is_asked_for_again(
    recipients: Recipients, referrals: ReferralsNearby, raw: bytes
) -> None:
    referrals.raw = raw
    with pytest.raises(NotTaken, match="recipient-unreadable"):
        referrer(recipients)


def test_messages_that_go_together_are_asked_about_together(recipients: Recipients, referrals: ReferralsNearby) -> None:
    referrals.family = {"channel": "e-mail", "address": "parent@example.org", "link": PAGE}
    mine, theirs = about("referrer", "received", 1), about("family", "family-routed", 2)
    nobodys = about("agency", "task-new", 3, agency="families-apart")
    batch = recipients.of_batch([mine, nobodys, theirs])
    assert referrals.asked == [], "nothing is asked before a message goes"

    assert [batch.of(each).address for each in (mine, nobodys, theirs)] == [
        "referrer@example.org",
        "agency@example.org",
        "parent@example.org",
    ]
    asked = [each["readers"] for each in referrals.asked]
    assert asked == [[reader(1, "referrer", "received"), reader(2, "family", "family-routed")]]


def test_what_was_answered_a_while_ago_is_asked_again_before_it_is_used(
    recipients: Recipients, referrals: ReferralsNearby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.recipients.FRESH_SECONDS", -1.0)
    first, second = about("referrer", "received", 1), about("referrer", "received", 2)
    batch = recipients.of_batch([first, second])
    batch.of(first)
    referrals.answer = {"channel": None, "reason": "not-safe"}

    with pytest.raises(Nowhere, match="not-safe"):
        batch.of(second)


def test_while_there_is_no_answer_one_question_does_for_all(recipients: Recipients, referrals: ReferralsNearby) -> None:
    referrals.raw = b"<html>"
    several = [about("referrer", "received", number) for number in range(3)]
    batch = recipients.of_batch(several)
    for each in several:
        with pytest.raises(NotTaken, match="recipient-unreadable"):
            batch.of(each)
    assert len(referrals.asked) == 1


def test_one_that_cannot_be_answered_holds_up_no_other(recipients: Recipients, referrals: ReferralsNearby) -> None:
    referrals.refused = "referral-2"
    first, second, third = (about("referrer", "received", number) for number in (1, 2, 3))
    batch = recipients.of_batch([first, second, third])

    assert batch.of(first).address == "referrer@example.org"
    with pytest.raises(NotTaken, match="referrals-refused"):
        batch.of(second)
    assert batch.of(third).address == "referrer@example.org"


def test_an_answer_that_is_wrong_in_itself_holds_up_no_other(
    recipients: Recipients, referrals: ReferralsNearby
) -> None:
    referrals.family = {"channel": 7}
    wrong, right = about("family", "family-routed", 1), about("referrer", "received", 2)
    batch = recipients.of_batch([wrong, right])

    with pytest.raises(NotTaken, match="recipient-unreadable"):
        batch.of(wrong)
    assert batch.of(right).address == "referrer@example.org"


def test_while_referrals_is_away_it_is_asked_again(recipients: Recipients) -> None:
    gone = ReferralsNearby()
    gone.stop()
    recipients._resources.settings = replace(recipients._resources.settings, referrals_url=gone.url)
    with pytest.raises(NotTaken, match="referrals-away"):
        referrer(recipients)


def test_referrals_answers_for_a_whole_batch_at_once() -> None:
    """Were it more, each would be asked for by itself: three times the work of both services."""
    assert BATCH <= MOST
