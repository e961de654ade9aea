"""Where a message goes is asked when it goes: settings and directory know the agency, `referrals` all others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.notifications.carriers.carrier import NotTaken
from services.notifications.recipients import Nowhere, Recipient, Recipients
from shared.resources import Resources
from tests.support.notifying import PAGE, ReferralsNearby
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


def referrer(recipients: Recipients) -> str:
    return recipients.of("referrer", None, "referral-1", "received", "event-1").address


def family(recipients: Recipients) -> Recipient:
    return recipients.of("family", None, "referral-1", "family-routed", "event-1")


def agency(recipients: Recipients, agency_id: str) -> str:
    return recipients.of("agency", agency_id, "referral-1", "task-new", "event-1").address


def test_referrals_is_asked_with_the_services_key_and_told_the_purpose(
    recipients: Recipients, referrals: ReferralsNearby
) -> None:
    assert referrer(recipients) == "referrer@example.org"
    assert referrals.asked == [
        {
            "path": "/internal/v1/referrals/referral-1/recipient",
            "query": {"audience": ["referrer"], "purpose": ["received"], "event": ["event-1"]},
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
    assert referrals.asked[0]["query"] == {"audience": ["family"], "purpose": ["family-routed"], "event": ["event-1"]}


@pytest.mark.parametrize("told", [{"may_text": False}, {}])
def test_no_text_goes_where_texting_was_not_called_safe(
    recipients: Recipients, referrals: ReferralsNearby, told: dict[str, bool]
) -> None:
    referrals.family = {"channel": "text", "address": "01632 960001", **told}
    with pytest.raises(Nowhere, match=r"^unsafe-channel$"):
        family(recipients)


def test_neither_address_nor_page_shows_in_a_representation(recipients: Recipients) -> None:
    shown = repr(recipients.of("referrer", None, "referral-1", "received", "event-1"))
    assert "example.org" not in shown


@pytest.mark.parametrize(
    ("status", "answer", "code", "final"),
    [
        (404, {}, "recipient-unknown", True),
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


def test_while_referrals_is_away_it_is_asked_again(recipients: Recipients) -> None:
    gone = ReferralsNearby()
    gone.stop()
    recipients._resources.settings = replace(recipients._resources.settings, referrals_url=gone.url)
    with pytest.raises(NotTaken, match="referrals-away"):
        referrer(recipients)
