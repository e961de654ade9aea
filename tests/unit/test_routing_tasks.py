"""A task does what its table says, and nothing else: every state, action, role and reason is tried."""

from itertools import product
from pathlib import Path

import pytest

from services.routing.domain import MOVES, WrongMove, move
from services.routing.domain.tasks import (
    ACKNOWLEDGED,
    ACTIONS,
    AGENCY,
    NEW,
    OPEN,
    STATES,
    SYSTEM,
    WHERE_IT_WAS,
    allowed,
    reasons_for,
)

ROLES = (AGENCY, SYSTEM)
ENDED = tuple(state for state in STATES if state not in OPEN)
KNOWN_MOVES = {(each.state, each.action, each.role): each for each in MOVES}
NOT_KNOWN = sorted(set(product((NEW, *STATES, ACKNOWLEDGED), ACTIONS, ROLES)) - set(KNOWN_MOVES))


def test_the_states_are_those_of_fhir() -> None:
    of_fhir = {"requested", "accepted", "rejected", "on-hold", "in-progress", "completed", "failed", "cancelled"}
    assert set(STATES) == of_fhir


@pytest.mark.parametrize("each", MOVES, ids=lambda each: f"{each.state} {each.action}")
def test_each_allowed_move_works_with_each_of_its_reasons_and_no_other(each) -> None:
    following = "accepted" if each.next == WHERE_IT_WAS else each.next
    for reason in each.reasons or (None,):
        assert move(each.state, each.action, each.role, reason, held_from="accepted") == following
    for reason in ("made-up", None if each.reasons else "other"):
        refused = move(each.state, each.action, each.role, reason, held_from="accepted")
        assert refused == WrongMove(allowed(each.state, each.role), each.reasons)


@pytest.mark.parametrize(("state", "action", "role"), NOT_KNOWN)
def test_every_other_move_is_refused_with_what_would_be_allowed(state: str, action: str, role: str) -> None:
    refused = move(state, action, role, None, held_from="accepted")
    assert isinstance(refused, WrongMove)
    assert action not in refused.allowed
    assert all((state, other, role) in KNOWN_MOVES for other in refused.allowed)


@pytest.mark.parametrize("state", OPEN)
def test_a_withdrawal_ends_a_task_in_any_open_state(state: str) -> None:
    assert move(state, "cancel", SYSTEM, "referral-withdrawn") == "cancelled"


@pytest.mark.parametrize("state", ENDED)
def test_what_has_ended_stays_so(state: str) -> None:
    assert set(allowed(state, AGENCY)) <= {"acknowledge-recall"}
    assert allowed(state, SYSTEM) == ()


@pytest.mark.parametrize("before", ["requested", "accepted", "in-progress"])
def test_a_task_off_hold_is_where_it_was(before: str) -> None:
    assert move(before, "hold", AGENCY, "waiting-list") == "on-hold"
    assert move("on-hold", "resume", AGENCY, None, held_from=before) == before


def test_a_held_task_of_which_nobody_knows_where_it_was_cannot_resume() -> None:
    assert isinstance(move("on-hold", "resume", AGENCY, None), WrongMove)


def test_an_agency_cannot_cancel_and_the_system_cannot_reject() -> None:
    assert isinstance(move("requested", "cancel", AGENCY, "referral-withdrawn"), WrongMove)
    assert isinstance(move("requested", "reject", SYSTEM, "other"), WrongMove)


@pytest.mark.parametrize("state", [*STATES, ACKNOWLEDGED])
@pytest.mark.parametrize("role", ROLES)
def test_the_reasons_that_are_shown_are_those_that_are_taken(state: str, role: str) -> None:
    for action, reasons in reasons_for(state, role).items():
        assert reasons
        assert all(not isinstance(move(state, action, role, reason), WrongMove) for reason in reasons)
    wanting = [each.action for each in MOVES if (each.state, each.role) == (state, role) and each.reasons]
    assert list(reasons_for(state, role)) == wanting


@pytest.mark.parametrize("action", ["assign", "note"])
def test_to_assign_or_to_write_a_note_leads_nowhere_else(action: str) -> None:
    places = {each.state: each.next for each in MOVES if each.action == action}
    assert places == {state: state for state in OPEN}


def test_a_recall_is_acknowledged_once() -> None:
    assert allowed("cancelled", AGENCY) == ("acknowledge-recall",)
    assert allowed(ACKNOWLEDGED, AGENCY) == ()


def test_the_page_about_tasks_shows_the_table() -> None:
    page = Path("docs/tasks.md").read_text()
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ")][2:]
    shown = [tuple(cell.strip() for cell in row) for row in rows]
    assert shown == [(each.state, each.role, each.action, each.next, ", ".join(each.reasons)) for each in MOVES]
    drawn = {tuple(line.split()[:3:2]) for line in page.replace("_", "-").splitlines() if "-->" in line}
    leads = {
        (each.state, each.next) for each in MOVES if each.state not in (NEW, each.next) and each.next != WHERE_IT_WAS
    }
    back = {("on-hold", each.state) for each in MOVES if each.action == "hold"}
    assert {(before, after.rstrip(":")) for before, after in drawn} == leads | back | {("[*]", "requested")}
