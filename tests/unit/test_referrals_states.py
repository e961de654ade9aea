"""The transition table, walked: where each action leads, and that nothing leads out of an end."""

from datetime import date

import pytest

from services.referrals.domain import (
    FAMILY_ACTIONS,
    OPEN,
    STATES,
    TRANSITIONS,
    allowed_actions,
    first_state,
    next_state,
    release_facts,
    states_before,
)
from services.referrals.words import NEXT

FAMILY, CONSULTATION = "family-support", "consultation"
DECISIONS = ("route", "request-information", "resume", "refer-to-review", "find-not-eligible", "conclude")


def test_the_table_speaks_of_known_states_and_says_nothing_twice() -> None:
    assert {state for item in TRANSITIONS for state in (item.state, item.next)} <= set(STATES)
    assert len({(item.state, item.action, item.role) for item in TRANSITIONS}) == len(TRANSITIONS)
    assert set(NEXT) == set(STATES)


@pytest.mark.parametrize("state", OPEN)
def test_an_open_referral_can_be_withdrawn(state: str) -> None:
    assert next_state(state, "withdraw", "referrer", FAMILY) == "withdrawn"


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("withdrawn", ["enter-in-error"]),
        ("entered-in-error", []),
        ("closed", ["reopen", "enter-in-error"]),
        ("not-eligible", ["reopen", "enter-in-error"]),
    ],
)
def test_only_whoever_referred_leads_out_of_an_end(state: str, actions: list[str]) -> None:
    assert allowed_actions(state, "referrer", FAMILY) == actions
    assert allowed_actions(state, "routing", FAMILY) == []
    assert allowed_actions(state, "waypost", FAMILY) == []


def test_what_has_ended_without_being_withdrawn_can_be_opened_again() -> None:
    again = {item.state: item.next for item in TRANSITIONS if item.action == "reopen"}
    assert again == {"not-eligible": "screening", "closed": "screening"}
    assert {item.role for item in TRANSITIONS if item.action == "reopen"} == {"referrer"}


@pytest.mark.parametrize("state", STATES)
def test_every_referral_can_be_erased_and_nothing_leads_out_of_that(state: str) -> None:
    assert next_state(state, "erase", "data-protection", FAMILY) == (None if state == "erased" else "erased")
    assert [item for item in TRANSITIONS if item.state == "erased"] == []


@pytest.mark.parametrize("state", sorted(set(STATES) - {"entered-in-error", "erased"}))
def test_an_error_is_an_error_in_every_state(state: str) -> None:
    assert next_state(state, "enter-in-error", "referrer", FAMILY) == "entered-in-error"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", DECISIONS)
def test_a_referrer_decides_nothing(state: str, action: str) -> None:
    assert next_state(state, action, "referrer", FAMILY) is None


@pytest.mark.parametrize("action", DECISIONS)
def test_without_consent_nothing_is_decided(action: str) -> None:
    assert next_state("awaiting-consent", action, "routing", FAMILY) is None


@pytest.mark.parametrize("state", ["screening", "information-requested", "under-review", "routed"])
def test_consent_that_ends_leads_back_to_waiting_for_it(state: str) -> None:
    assert next_state(state, "withdraw-consent", "referrer", FAMILY) == "awaiting-consent"
    assert next_state("awaiting-consent", "give-consent", "referrer", FAMILY) == "screening"


def test_a_family_may_do_for_itself_what_its_referrer_may_but_not_open_or_take_back_the_referral() -> None:
    for state in STATES:
        theirs, mine = (allowed_actions(state, role, FAMILY) for role in ("referrer", "family"))
        assert set(theirs) - set(mine) <= {"reopen", "enter-in-error"}
        assert all(
            next_state(state, each, "family", FAMILY) == next_state(state, each, "referrer", FAMILY) for each in mine
        )
        assert allowed_actions(state, "family", CONSULTATION) == []


def test_details_are_put_right_while_an_agency_has_the_referral() -> None:
    assert next_state("routed", "supply-information", "family", FAMILY) == "routed"


@pytest.mark.parametrize("action", FAMILY_ACTIONS)
def test_a_consultation_knows_no_consent(action: str) -> None:
    assert all(next_state(state, action, "referrer", CONSULTATION) is None for state in STATES)
    assert all(action not in allowed_actions(state, "referrer", CONSULTATION) for state in STATES)


def test_a_second_agency_may_be_asked() -> None:
    assert states_before("route", "routing") == {
        "routed": ["screening", "information-requested", "under-review", "routed"]
    }


def test_routing_moves_on_what_an_agency_had() -> None:
    for action, following in (
        ("request-information", "information-requested"),
        ("refer-to-review", "under-review"),
        ("find-not-eligible", "not-eligible"),
        ("conclude", "closed"),
    ):
        assert next_state("routed", action, "routing", FAMILY) == following


def test_once_the_referrer_has_answered_the_agency_goes_on() -> None:
    supplied = next_state("information-requested", "supply-information", "referrer", FAMILY)
    assert supplied == "screening"
    assert next_state(supplied, "resume", "routing", FAMILY) == "routed"


def test_a_referral_begins_by_waiting_for_consent_only_where_there_is_a_family() -> None:
    assert first_state(FAMILY, []) == "awaiting-consent"
    assert first_state(FAMILY, ["families-apart"]) == "screening"
    assert first_state(CONSULTATION, []) == "screening"


def test_a_release_is_told_as_its_month_and_the_months_since() -> None:
    day = date(2026, 11, 20)

    assert release_facts(None, day) == {"release_month": None, "months_since_release": None}
    assert release_facts("2026-08-20", day)["months_since_release"] == {"low": 3, "high": 3}
    assert release_facts("2026-08-19", day)["months_since_release"] == {"low": 4, "high": 4}
    assert release_facts("2026-08", day) == {
        "release_month": "2026-08",
        "months_since_release": {"low": 3, "high": 4},
    }
