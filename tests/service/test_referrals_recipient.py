"""Where a message may go is what the family called safe, on both pairs; nothing is ever addressed to a child."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.referrals.recipients import recipients
from tests.support.pairs import Pair
from tests.support.referring import ReferralsDesk, a_child, a_consultation, a_referral

TELEPHONE, EMAIL = "01632 960002", "parent@example.org"
FAMILY = {"type": "family", "name": "Test Parent", "email": EMAIL}


@pytest.fixture
def desk(stores: Pair, tmp_path: Path) -> Iterator[ReferralsDesk]:
    desk = ReferralsDesk(stores, tmp_path)
    yield desk
    desk.close()


def contact(safe: dict[str, Any], **about: Any) -> dict[str, Any]:
    reached = {
        "name": "Test Parent",
        "relationship": "mother",
        "telephone": TELEPHONE,
        "email": EMAIL,
        "address": "1 Test Street",
    }
    return reached | {"safe_contact": safe} | about


def family_of(desk: ReferralsDesk, referral_id: str) -> dict[str, Any]:
    return desk.recipient(referral_id, audience="family", purpose="family-routed")


def told(desk: ReferralsDesk, safe: dict[str, Any], **about: Any) -> tuple[str | None, str]:
    """The channel, and the address or the reason for none."""
    answer = family_of(desk, desk.refer(family_contact=contact(safe, **about)))
    return answer["channel"], answer.get("address") or answer["reason"]


@pytest.mark.parametrize(
    ("safe", "expected"),
    [
        ({"email": {"safe": True}}, ("e-mail", EMAIL)),
        ({"telephone": {"safe": True, "text": True}}, ("text", TELEPHONE)),
        ({"email": {"safe": False}, "telephone": {"safe": True, "text": True}}, ("text", TELEPHONE)),
        ({"email": {"safe": True}, "telephone": {"safe": True, "text": True}}, ("e-mail", EMAIL)),
        ({"telephone": {"safe": True, "text": False}}, (None, "unsafe-channel")),
        ({"telephone": {"safe": True}}, (None, "unsafe-channel")),
        ({"telephone": {"safe": False, "text": True}, "letter": {"safe": True}}, (None, "unsafe-channel")),
        ({"telephone": {"safe": True, "text": True, "good_times": "mornings"}}, (None, "unsafe-channel")),
        ({"email": {"safe": True, "message": False}}, (None, "unsafe-channel")),
        ({"through_referrer_only": True}, (None, "through-referrer-only")),
        ({"through_referrer_only": True, "email": {"safe": True}}, (None, "through-referrer-only")),
    ],
)
def test_a_family_is_written_to_only_in_the_way_that_it_called_safe(
    desk: ReferralsDesk, safe: dict[str, Any], expected: tuple[str | None, str]
) -> None:
    assert told(desk, safe) == expected


def test_a_family_without_telephone_and_email_has_no_channel(desk: ReferralsDesk) -> None:
    gone = {"telephone": None, "email": None}
    assert told(desk, {"letter": {"safe": True}}, **gone) == (None, "no-safe-channel")


def test_the_manner_goes_with_the_address_and_what_was_not_said_is_not_safe(desk: ReferralsDesk) -> None:
    safe = {"telephone": {"safe": True, "text": True}}
    answer = family_of(desk, desk.refer(family_contact=contact(safe)))
    assert {name: answer[name] for name in ("may_text", "may_leave_message", "name_organisation")} == {
        "may_text": True,
        "may_leave_message": False,
        "name_organisation": False,
    }


@pytest.mark.parametrize(
    "about",
    [
        {"name": "test  child"},
        {"name": "Somebody Made Up", "relationship": "the young person"},
        {"relationship": "self"},
    ],
)
def test_nothing_is_addressed_to_a_child(desk: ReferralsDesk, about: dict[str, str]) -> None:
    assert told(desk, {"email": {"safe": True}}, **about) == (None, "addressed-to-a-child")


def test_a_child_that_refers_itself_is_not_written_to_either(desk: ReferralsDesk) -> None:
    answer = desk.recipient(desk.refer(referrer=FAMILY | {"name": "Test Child"}, children=[a_child()]))
    assert answer == {"channel": None, "reason": "addressed-to-a-child"}


def test_a_family_that_refers_itself_is_told_once(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(referrer=FAMILY)
    assert desk.recipient(referral_id)["address"] == EMAIL
    assert family_of(desk, referral_id) == {"channel": None, "reason": "is-the-referrer"}


def test_advice_for_a_professional_has_no_family(desk: ReferralsDesk) -> None:
    answer = desk.post("/v1/referrals", a_consultation())
    assert family_of(desk, answer["id"]) == {"channel": None, "reason": "no-safe-channel"}


def test_everybody_is_led_to_the_page_of_the_referral(desk: ReferralsDesk) -> None:
    taken = desk.post("/v1/referrals", a_referral(family_contact=contact({"email": {"safe": True}})))
    for audience in ("referrer", "family"):
        assert desk.recipient(taken["id"], audience=audience)["link"] == taken["tracking_url"]
    desk.post(f"/v1/referrals/{taken['id']}/information", {"home": {"postcode": "KT1 1AA"}})
    assert desk.recipient(taken["id"])["link"] == taken["tracking_url"]


def test_the_page_is_not_among_what_the_referrer_said_nor_readable_in_the_database(desk: ReferralsDesk) -> None:
    taken = desk.post("/v1/referrals", a_referral())
    token = taken["tracking_url"].rpartition("/")[2]
    assert "tracking" not in desk.get(taken["id"])["referral"]
    assert token not in repr(desk.rows("referrals")) + repr(desk.rows("outbox")) + repr(desk.rows("timeline"))


def test_asking_after_a_family_is_written_down_with_its_purpose(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    family_of(desk, referral_id)
    assert [(row["who"], row["purpose"]) for row in desk.rows("looks")] == [("notifications", "family-routed")]


def test_many_are_told_in_the_order_in_which_they_were_asked_about(desk: ReferralsDesk) -> None:
    first, second = (desk.refer(referrer=FAMILY | {"email": f"parent{number}@example.org"}) for number in (1, 2))
    readers = [
        {"referral_id": referral_id, "audience": audience, "purpose": "received", "event": ""}
        for referral_id, audience in [
            (second, "referrer"),
            ("no-such", "referrer"),
            (first, "family"),
            (first, "referrer"),
        ]
    ]
    told = recipients(desk.runtime.store, readers)

    assert [each.get("address") or each["reason"] for each in told] == [
        "parent2@example.org",
        "recipient-unknown",
        "is-the-referrer",
        "parent1@example.org",
    ]
    assert [row["referral_id"] for row in desk.rows("looks")] == [second, first, first]
