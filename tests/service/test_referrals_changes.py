"""What a referrer changes later moves the state, tells the other services, and is refused where the table has no line."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts.referrals import ConsentGiven, ConsentWithdrawn, ReferralAmended, ReferralWithdrawn
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import (
    OTHER_KEY,
    WIRRAL,
    ReferralsDesk,
    a_child,
    a_consent,
    a_consultation,
    routed,
)

ENDED = {"withdrawn": {"withdrawn_by": "parent-or-carer", "withdrawn_at": "2026-11-20T09:00:00Z"}}


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("referrals")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def test_a_withdrawal_stops_the_referral_and_is_told(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    answer = desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "family-declined"})

    assert answer["status"] == "withdrawn"
    event = desk.told(referral_id)[-1]
    assert (event.type, event.sequence, event.data["reason"]) == (ReferralWithdrawn.type(), 2, "family-declined")
    assert desk.timeline(referral_id)[-1]["type"] == "withdrawn"


def test_what_is_not_allowed_is_refused_with_what_is(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)

    ended = desk.post(f"/v1/referrals/{referral_id}/consent", ENDED)
    desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"})
    again = desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"})

    assert ended["http_status"] == again["http_status"] == 409
    assert ended["allowed"] == ["give-consent", "supply-information", "withdraw", "change-contact", "enter-in-error"]
    assert again["allowed"] == ["enter-in-error"]
    assert len(desk.told(referral_id)) == 2


def test_a_withdrawal_that_is_repeated_under_its_key_gets_its_answer_again(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    first = desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"}, once="stop")
    again = desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"}, once="stop")

    assert first["status"] == again["status"] == "withdrawn"
    assert len(desk.told(referral_id)) == 2


def test_consent_given_later_lets_the_referral_go_on(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)

    answer = desk.post(f"/v1/referrals/{referral_id}/consent", {"given": a_consent(agencies=["time-matters"])})

    assert answer["status"] == "screening"
    event = desk.told(referral_id)[-1]
    assert (event.type, event.data["scope"]) == (ConsentGiven.type(), ["time-matters"])
    assert desk.get(referral_id)["referral"]["consent"]["agencies"] == ["time-matters"]


def test_consent_that_ends_is_a_new_record_and_nothing_is_covered_any_more(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.take(routed(referral_id))

    answer = desk.post(f"/v1/referrals/{referral_id}/consent", ENDED)

    assert answer["status"] == "awaiting-consent"
    event = desk.told(referral_id)[-1]
    assert (event.type, event.data["scope"]) == (ConsentWithdrawn.type(), ["families-apart"])
    assert [row["kind"] for row in desk.rows("consents", referral_id=referral_id)] == ["given", "withdrawn"]
    assert desk.get(referral_id)["referral"]["consent"]["agencies"] == []


def test_consent_is_either_given_or_withdrawn(desk: ReferralsDesk) -> None:
    path = f"/v1/referrals/{desk.refer()}/consent"

    assert desk.errors({}, path) == [("", "needs-given-or-withdrawn")]
    assert desk.errors({"given": a_consent(), **ENDED}, path) == [("", "needs-given-or-withdrawn")]
    assert desk.errors({"given": a_consent(agencies=["nobody"])}, path) == [("/given/agencies/0", "not-an-agency")]


def test_a_consultation_has_no_consent(desk: ReferralsDesk) -> None:
    referral_id = desk.post("/v1/referrals", a_consultation())["id"]

    answer = desk.post(f"/v1/referrals/{referral_id}/consent", {"given": a_consent()})

    assert answer["http_status"] == 409
    assert answer["allowed"] == ["supply-information", "withdraw", "say-not-contacted", "enter-in-error"]


def test_information_changes_the_facts_and_leaves_the_rest(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(children=[a_child(), a_child(first_name="Second")])
    first, second = (child["id"] for child in desk.get(referral_id)["referral"]["children"])
    body = {
        "home": {"postcode": "CH41 1AA"},
        "relative": {"stage": "released", "released_on": "2026-09"},
        "children": [{"id": second, "school": {"postcode": "SM1 1AB"}, "date_of_birth": "2011-11-20"}],
    }
    desk.clock.forward(days=30)

    answer = desk.post(f"/v1/referrals/{referral_id}/information", body)
    desk.clock.forward(days=-30)

    assert answer["status"] == "screening"
    event = desk.told(referral_id)[-1]
    assert event.type == ReferralAmended.type()
    assert event.data["home"]["place"] == WIRRAL
    assert event.data["received_on"].isoformat() == "2026-11-20"
    assert event.data["months_since_release"] == {"low": 2, "high": 3}
    assert event.data["consent_scope"] == ["families-apart"]
    assert [(child["id"], child["age"]) for child in event.data["children"]] == [(first, 9), (second, 15)]
    shown = desk.get(referral_id)["referral"]
    assert shown["notes"] == "A made-up note"
    assert shown["relative"] == {"relationship": "parent", "stage": "released", "released_on": "2026-09"}
    assert shown["children"][1]["first_name"] == "Second"
    assert shown["children"][1]["school"] == {"postcode": "SM1 1AB"}
    assert desk.timeline(referral_id)[-1]["detail"]["items"] == [
        "home",
        "released-on",
        "stage",
        "date-of-birth",
        "school",
    ]


def test_a_child_whose_date_of_birth_is_mended_is_found_under_it(desk: ReferralsDesk) -> None:
    mended = desk.refer(children=[a_child(date_of_birth="2017-03-15")])
    (child,) = desk.get(mended)["referral"]["children"]
    desk.post(f"/v1/referrals/{mended}/information", {"children": [{"id": child["id"], "date_of_birth": "2017-03-14"}]})
    same = desk.refer(children=[a_child(first_name="TEST ", last_name="child")])

    indexes = [desk.rows("children", referral_id=each)[0]["blind_index"] for each in (mended, same)]
    assert indexes[0] == indexes[1]


def test_information_that_does_not_fit_the_referral_is_refused(desk: ReferralsDesk) -> None:
    path = f"/v1/referrals/{desk.refer()}/information"

    assert desk.errors({}, path) == [("", "nothing-given")]
    assert desk.errors(
        {
            "borough": {"code": "E09000021"},
            "children": [{"id": "somebody-else", "told": "no"}],
            "relative": {"stage": "released"},
        },
        path,
    ) == [
        ("/borough", "not-for-this-kind"),
        ("/children/0/id", "not-a-child-of-this-referral"),
        ("/relative/released_on", "required"),
    ]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("withdrawal", {"reason": "other"}),
        ("consent", ENDED),
        ("information", {"home": {"postcode": "KT1 1AA"}}),
        ("reopen", {"reason": "other"}),
        ("entered-in-error", {"reason": "other"}),
    ],
)
def test_another_owners_referral_is_as_absent_as_none(desk: ReferralsDesk, action: str, body: dict[str, Any]) -> None:
    referral_id = desk.refer()

    theirs = desk.post(f"/v1/referrals/{referral_id}/{action}", body, OTHER_KEY)
    nobodys = desk.post(f"/v1/referrals/no-such-referral/{action}", body, OTHER_KEY)

    assert theirs == nobodys
    assert theirs["http_status"] == 404
    assert len(desk.told(referral_id)) == 1
