"""A referral that had ended is looked at anew with its history; one that should never have been made is taken back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from services.referrals.tables import referrals
from shared.contracts.referrals import ReferralEnteredInError, ReferralReopened
from shared.contracts.routing import ReferralConcluded, ReferralNotEligible
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_child, a_consultation, routed, said


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("reopening")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def not_eligible(referral_id: str, sequence: int = 1) -> bytes:
    return said(ReferralNotEligible, referral_id, sequence, reasons=["no-eligible-agency"], signposts=[])


def test_a_child_that_was_too_young_is_counted_anew_when_the_referral_is_reopened(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(home={"postcode": "CH41 1AA"}, children=[a_child(date_of_birth="2021-12-03")])
    desk.take(not_eligible(referral_id))
    desk.clock.forward(days=14)

    answer = desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "circumstances-changed"})
    desk.post(f"/v1/referrals/{referral_id}/information", {"home": {"postcode": "CH41 1AA"}})
    desk.clock.forward(days=-14)

    assert answer["status"] == "screening"
    first, reopened, amended = desk.told(referral_id)
    assert reopened.type == ReferralReopened.type()
    assert [event.data["children"][0]["age"] for event in (first, reopened, amended)] == [4, 5, 5]
    assert reopened.data["reason"] == "circumstances-changed"
    assert reopened.data["received_on"].isoformat() == "2026-12-04"
    assert reopened.data["consent_scope"] == ["families-apart"]
    history = [entry["type"] for entry in desk.timeline(referral_id)]
    assert {"received", "not-eligible", "reopened"} <= set(history)


def test_a_reopened_referral_is_decided_again(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.take(routed(referral_id, 1), said(ReferralConcluded, referral_id, 2, results=[]))
    assert desk.status(referral_id) == "closed"

    desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "closed-too-early"})
    desk.take(routed(referral_id, 3))

    assert desk.status(referral_id) == "routed"
    texts = [entry["text"] for entry in desk.timeline(referral_id)]
    assert "The referral was reopened: it was closed too early. The agencies' rules are applied again." in texts


def test_without_consent_a_reopened_referral_waits_for_it(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)
    with desk.runtime.store.writing() as transaction:
        transaction.execute(update(referrals).where(referrals.c.id == referral_id).values(status="closed"))

    answer = desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "more-is-known"})

    assert answer["status"] == desk.status(referral_id) == "awaiting-consent"
    assert desk.told(referral_id)[-1].data["consent_scope"] == []


def test_a_consultation_that_is_reopened_waits_for_nobody(desk: ReferralsDesk) -> None:
    referral_id = desk.post("/v1/referrals", a_consultation())["id"]
    desk.take(not_eligible(referral_id))

    assert desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "other"})["status"] == "screening"


def test_what_goes_on_cannot_be_reopened(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    refused = desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "other"})
    desk.take(not_eligible(referral_id))
    allowed = desk.get(referral_id)["allowed"]

    assert (refused["http_status"], refused["code"]) == (409, "not-allowed-now")
    assert allowed == ["reopen", "enter-in-error"]
    assert len(desk.told(referral_id)) == 1


@pytest.mark.parametrize("action", ["reopen", "entered-in-error"])
def test_a_reason_is_one_of_a_few_words(desk: ReferralsDesk, action: str) -> None:
    path = f"/v1/referrals/{desk.refer()}/{action}"

    assert desk.errors({"reason": "Test Child moved"}, path) == [("/reason", "not-one-of")]
    assert desk.errors({}, path) == [("/reason", "required")]


def test_a_referral_made_in_error_ends_for_good_even_after_a_withdrawal(desk: ReferralsDesk) -> None:
    open_one, withdrawn = desk.refer(), desk.refer()
    desk.post(f"/v1/referrals/{withdrawn}/withdrawal", {"reason": "other"})

    for referral_id in (open_one, withdrawn):
        answer = desk.post(f"/v1/referrals/{referral_id}/entered-in-error", {"reason": "wrong-family"})
        assert answer["status"] == "entered-in-error"
        event = desk.told(referral_id)[-1]
        assert (event.type, event.data["reason"]) == (ReferralEnteredInError.type(), "wrong-family")
        assert desk.get(referral_id)["allowed"] == []
        desk.take(routed(referral_id, 5))
        assert desk.status(referral_id) == "entered-in-error"
