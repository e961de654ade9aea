"""The words of a referral and its states: which action, by whom, leads from which state to which. Pure.

The table is all there is to it: the code runs it, the tests walk it, the documentation draws it. What it does not
hold is not allowed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.rules.times import YearMonth, months_since

TOLD = ("yes", "partly", "no", "unknown")
CONSENT_GIVERS = ("parent-or-carer", "young-person", "other-with-parental-responsibility")
CONSENT_METHODS = ("written", "verbal", "online")
CHILD_VIEWS = ("agrees", "disagrees", "not-asked")
WITHDRAWAL_REASONS = ("family-declined", "not-needed", "already-known", "duplicate", "other")
REOPENING_REASONS = ("circumstances-changed", "more-is-known", "agency-asked", "closed-too-early", "other")
ERROR_REASONS = ("wrong-family", "made-twice", "a-trial", "other")
OLDEST_AGE = 25

OPEN = ("awaiting-consent", "screening", "information-requested", "under-review", "routed")
ERASED = "erased"
STATES = (*OPEN, "not-eligible", "closed", "withdrawn", "entered-in-error", ERASED)
FOLLOWERS = REFERRER, FAMILY = "referrer", "family"
FAMILY_ACTIONS = ("give-consent", "withdraw-consent", "change-contact")
DECIDABLE = ("screening", "information-requested", "under-review")
WITH_ROUTING = (*DECIDABLE, "routed")


@dataclass(frozen=True)
class Transition:
    """In `state`, `role` may do `action`; the referral is then in `next`."""

    state: str
    action: str
    role: str
    next: str


def _from(states: tuple[str, ...], action: str, role: str, following: str | None = None) -> tuple[Transition, ...]:
    """One line for each state; without `following` the state stays what it is."""
    return tuple(Transition(state, action, role, following or state) for state in states)


def _followed_by(role: str) -> tuple[Transition, ...]:
    """What whoever made a referral and the family that it is about may both do."""
    return (
        *_from(("awaiting-consent", "information-requested", "under-review"), "give-consent", role, "screening"),
        *_from(("screening", "routed"), "give-consent", role),
        *_from((*DECIDABLE, "routed"), "withdraw-consent", role, "awaiting-consent"),
        *_from(DECIDABLE, "supply-information", role, "screening"),
        *_from(("awaiting-consent", "routed"), "supply-information", role),
        *_from(OPEN, "withdraw", role, "withdrawn"),
        *_from(OPEN, "change-contact", role),
        *_from(WITH_ROUTING, "say-not-contacted", role),
    )


TRANSITIONS: tuple[Transition, ...] = (
    *_followed_by(REFERRER),
    *_followed_by(FAMILY),
    *_from(WITH_ROUTING, "route", "routing", "routed"),
    *_from(WITH_ROUTING, "request-information", "routing", "information-requested"),
    *_from(("screening", "information-requested"), "resume", "routing", "routed"),
    *_from(WITH_ROUTING, "refer-to-review", "routing", "under-review"),
    *_from(WITH_ROUTING, "find-not-eligible", "routing", "not-eligible"),
    *_from(WITH_ROUTING, "conclude", "routing", "closed"),
    *_from(("not-eligible", "closed"), "reopen", REFERRER, "screening"),
    *_from((*OPEN, "not-eligible", "closed", "withdrawn"), "enter-in-error", REFERRER, "entered-in-error"),
    *_from((*DECIDABLE, "routed"), "await-consent", "waypost", "awaiting-consent"),
    *_from(("awaiting-consent",), "give-up", "waypost", "closed"),
    *_from((*OPEN, "not-eligible", "closed", "withdrawn", "entered-in-error"), "erase", "data-protection", ERASED),
)

_NEXT = {(item.state, item.action, item.role): item.next for item in TRANSITIONS}


def next_state(state: str, action: str, role: str, kind: str) -> str | None:
    """The state that follows, or None when the action is not allowed there."""
    return _NEXT.get((state, action, role)) if action in allowed_actions(state, role, kind) else None


def allowed_actions(state: str, role: str, kind: str) -> list[str]:
    """What `role` may do in `state`, in the order of the table."""
    return [
        item.action
        for item in TRANSITIONS
        if item.state == state and item.role == role and not (kind == "consultation" and _of_a_family(item))
    ]


def _of_a_family(item: Transition) -> bool:
    """A consultation has no family: nothing is done by one, or about one."""
    return item.role == FAMILY or item.action in FAMILY_ACTIONS


def states_before(action: str, role: str) -> dict[str, list[str]]:
    """For an action: each state that it leads to, and the states that it leads there from."""
    found: dict[str, list[str]] = {}
    for item in TRANSITIONS:
        if item.action == action and item.role == role:
            found.setdefault(item.next, []).append(item.state)
    return found


def first_state(kind: str, consent_scope: list[str]) -> str:
    """Where a referral begins: without the family's agreement it waits for it. A consultation has no family."""
    return "awaiting-consent" if kind == "family-support" and not consent_scope else "screening"


def released(text: str) -> date | YearMonth:
    """A release as it was given: a date, or (year, month) where only the month is known."""
    return date.fromisoformat(text) if len(text) == 10 else (int(text[:4]), int(text[5:]))


def release_facts(released_on: str | None, received_on: date) -> dict[str, Any]:
    """The release as events carry it: its month, and the whole months up to the day of receipt."""
    if released_on is None:
        return {"release_month": None, "months_since_release": None}
    months = months_since(released(released_on), received_on)
    return {"release_month": released_on[:7], "months_since_release": {"low": months.low, "high": months.high}}
