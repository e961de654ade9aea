"""Agreement that never comes is reminded and given up; one that was given for a time runs out; whoever keeps the clock."""

from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest

from services.referrals.clockwork import do_what_is_due
from services.referrals.disclosure import disclosure
from services.referrals.tables import metadata
from shared.contracts.referrals import ConsentAwaited, ConsentExpired, ReferralAmended, ReferralClosed
from shared.contracts.routing import ReferralNotEligible
from shared.http.problems import Problem
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_consent, routed, said

AWAITED, CLOSED, EXPIRED = ConsentAwaited.type(), ReferralClosed.type(), ConsentExpired.type()


@pytest.fixture(params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReferralsDesk]:
    """A clean one for each test, since each moves the clock."""
    made = ReferralsDesk(pair_in(request, tmp_path), tmp_path)
    yield made
    made.close()


def days_pass(desk: ReferralsDesk, days: int) -> None:
    """The clock's work is done once on each of so many days."""
    for _ in range(days):
        desk.clock.forward(days=1)
        while do_what_is_due(desk.runtime.store):
            pass


def told_since(desk: ReferralsDesk, referral_id: str) -> list[str]:
    return [event.type for event in desk.told(referral_id)[1:]]


def test_a_referral_without_agreement_is_reminded_twice_and_closed_after_four_weeks(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)

    days_pass(desk, 6)
    assert told_since(desk, referral_id) == []
    days_pass(desk, 1)
    assert told_since(desk, referral_id) == [AWAITED]
    days_pass(desk, 20)
    assert told_since(desk, referral_id) == [AWAITED, AWAITED]
    assert desk.status(referral_id) == "awaiting-consent"
    days_pass(desk, 10)

    assert told_since(desk, referral_id) == [AWAITED, AWAITED, CLOSED]
    assert desk.status(referral_id) == "closed"
    assert desk.told(referral_id)[1].data["closes_on"].isoformat() == "2026-12-18"
    assert desk.told(referral_id)[-1].data["reason"] == "consent-never-given"
    assert [entry["text"] for entry in desk.timeline(referral_id)][1:] == [
        *["The family's agreement is still missing. Without it the referral is closed on 18 December 2026."] * 2,
        "The referral was closed: no agreement came in time.",
    ]


def test_after_a_long_stop_one_reminder_is_sent_and_not_one_for_each_that_was_missed(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)

    desk.clock.forward(days=22)
    days_pass(desk, 5)

    assert told_since(desk, referral_id) == [AWAITED]


def test_agreement_that_comes_ends_the_waiting_and_one_that_is_withdrawn_begins_it_anew(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)
    desk.clock.forward(days=5)
    desk.post(f"/v1/referrals/{referral_id}/consent", {"given": a_consent()})

    days_pass(desk, 40)
    assert desk.status(referral_id) == "screening"
    ended = {"withdrawn_by": "parent-or-carer", "withdrawn_at": desk.clock.now().isoformat()}
    desk.post(f"/v1/referrals/{referral_id}/consent", {"withdrawn": ended})
    days_pass(desk, 8)

    assert told_since(desk, referral_id).count(AWAITED) == 1
    assert desk.status(referral_id) == "awaiting-consent"


def test_nobody_is_reminded_of_a_referral_that_was_withdrawn(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)
    desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"})

    days_pass(desk, 30)

    assert len(desk.told(referral_id)) == 2
    assert desk.status(referral_id) == "withdrawn"


def test_a_referral_that_was_given_up_waits_again_when_it_is_reopened(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)
    days_pass(desk, 28)

    answer = desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "closed-too-early"})
    days_pass(desk, 7)

    assert answer["status"] == desk.status(referral_id) == "awaiting-consent"
    assert told_since(desk, referral_id)[-1] == AWAITED


def test_agreement_that_was_given_for_a_time_holds_through_its_last_day_and_no_longer(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=a_consent(expires_on="2026-11-27"))
    desk.take(routed(referral_id))
    asked = {"agency": "families-apart", "task": "1", "by": "key:1"}

    days_pass(desk, 7)
    assert told_since(desk, referral_id) == []
    assert disclosure(desk.runtime.store, referral_id, asked)["consent"]["expires_on"].isoformat() == "2026-11-27"
    # Over, and the clock's work is not yet done: what is asked now is answered by what holds now.
    desk.clock.forward(days=1)
    with pytest.raises(Problem, match="consent-expired"):
        disclosure(desk.runtime.store, referral_id, asked)
    days_pass(desk, 1)

    event = desk.told(referral_id)[-1]
    assert (event.type, event.data["scope"]) == (EXPIRED, ["families-apart"])
    assert desk.status(referral_id) == "awaiting-consent"
    assert [row["kind"] for row in desk.rows("consents", referral_id=referral_id)] == ["given", "expired"]
    shown = desk.get(referral_id)["referral"]["consent"]
    assert (shown["kind"], shown["agencies"]) == ("expired", [])
    days_pass(desk, 7)
    assert told_since(desk, referral_id) == [EXPIRED, AWAITED]


def test_agreement_renewed_in_time_does_not_run_out(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=a_consent(expires_on="2026-11-27"))
    desk.post(f"/v1/referrals/{referral_id}/consent", {"given": a_consent(expires_on="2027-01-31")})

    days_pass(desk, 30)

    assert EXPIRED not in told_since(desk, referral_id)
    assert desk.status(referral_id) == "screening"


def test_information_that_comes_after_the_last_day_carries_no_agreement(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=a_consent(expires_on="2026-11-20"))
    desk.clock.forward(days=1)

    desk.post(f"/v1/referrals/{referral_id}/information", {"home": {"postcode": "KT1 1AB"}})

    event = desk.told(referral_id)[-1]
    assert (event.type, event.data["consent_scope"]) == (ReferralAmended.type(), [])


def test_agreement_that_runs_out_when_nobody_can_help_is_not_asked_for_again_until_reopened(
    desk: ReferralsDesk,
) -> None:
    referral_id = desk.refer(consent=a_consent(expires_on="2026-11-27"))
    desk.take(said(ReferralNotEligible, referral_id, reasons=["no-eligible-agency"], signposts=[]))

    days_pass(desk, 20)
    assert told_since(desk, referral_id) == []

    answer = desk.post(f"/v1/referrals/{referral_id}/reopen", {"reason": "other"})
    assert answer["status"] == "awaiting-consent"


def test_a_last_day_that_is_over_already_is_refused(desk: ReferralsDesk) -> None:
    path = f"/v1/referrals/{desk.refer(consent=None)}/consent"

    assert desk.errors({"given": a_consent(expires_on="2026-11-19")}, path) == [("/given/expires_on", "in-the-past")]
    assert desk.errors({"given": a_consent(expires_on="soon")}, path) == [("/given/expires_on", "not-a-date")]


def test_replicas_that_keep_the_clock_at_once_remind_once(desk: ReferralsDesk) -> None:
    ids = [desk.refer(consent=None) for _ in range(30)]
    desk.clock.forward(days=7)
    replicas = [Runtime("referrals", metadata, desk.runtime.resources).store for _ in range(4)]

    def work(store: Store) -> None:
        while do_what_is_due(store, most=3):
            pass

    list(eventlet.GreenPool().imap(work, replicas))
    for store in replicas:
        store.database.close()

    assert [told_since(desk, referral_id) for referral_id in ids] == [[AWAITED]] * 30
