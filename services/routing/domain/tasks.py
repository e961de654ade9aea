"""A task's life, as a table that the code runs, the tests walk and the documentation draws.

The states are those of FHIR's Task. A pair of state and action that is not in the table cannot happen.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

NEW, REQUESTED, ACCEPTED, REJECTED = "new", "requested", "accepted", "rejected"
ON_HOLD, IN_PROGRESS, COMPLETED, FAILED, CANCELLED = "on-hold", "in-progress", "completed", "failed", "cancelled"
OPEN = (REQUESTED, ACCEPTED, ON_HOLD, IN_PROGRESS)
STATES = (*OPEN, REJECTED, COMPLETED, FAILED, CANCELLED)

AGENCY, SYSTEM = "agency", "system"

WHERE_IT_WAS: Final = "where-it-was"
"""The next state of a task that is taken off hold: the one in which it was put on hold."""

WHY_REJECTED = (
    "out-of-area",
    "age",
    "no-capacity",
    "not-needed",
    "already-known",
    "duplicate",
    "insufficient-information",
    "other",
)
WHY_HELD = ("waiting-list", "child-not-told", "awaiting-information")
HOW_COMPLETED = ("intensive", "low-level", "group", "online", "mentoring", "consultation-given")
WHY_FAILED = ("could-not-contact", "disengaged", "family-declined")
WITHDRAWN, UNCOVERED, FACTS_CHANGED = WHY_CANCELLED = ("referral-withdrawn", "consent-withdrawn", "facts-changed")


class Move(NamedTuple):
    """In `state`, `role` may do `action`, giving one of `reasons` where there are any; the task is then in `next`."""

    state: str
    action: str
    role: str
    next: str
    reasons: tuple[str, ...] = ()


MOVES: tuple[Move, ...] = (
    Move(NEW, "request", SYSTEM, REQUESTED),
    Move(REQUESTED, "accept", AGENCY, ACCEPTED),
    Move(REQUESTED, "reject", AGENCY, REJECTED, WHY_REJECTED),
    Move(REQUESTED, "hold", AGENCY, ON_HOLD, WHY_HELD),
    Move(REQUESTED, "cancel", SYSTEM, CANCELLED, WHY_CANCELLED),
    Move(ACCEPTED, "start", AGENCY, IN_PROGRESS),
    Move(ACCEPTED, "hold", AGENCY, ON_HOLD, WHY_HELD),
    Move(ACCEPTED, "cancel", SYSTEM, CANCELLED, WHY_CANCELLED),
    Move(ON_HOLD, "resume", AGENCY, WHERE_IT_WAS),
    Move(ON_HOLD, "cancel", SYSTEM, CANCELLED, WHY_CANCELLED),
    Move(IN_PROGRESS, "complete", AGENCY, COMPLETED, HOW_COMPLETED),
    Move(IN_PROGRESS, "fail", AGENCY, FAILED, WHY_FAILED),
    Move(IN_PROGRESS, "hold", AGENCY, ON_HOLD, WHY_HELD),
    Move(IN_PROGRESS, "cancel", SYSTEM, CANCELLED, WHY_CANCELLED),
    Move(CANCELLED, "acknowledge-recall", AGENCY, CANCELLED),
)

_TABLE = {(each.state, each.action, each.role): each for each in MOVES}
ACTIONS = frozenset(each.action for each in MOVES)
AGENCY_ACTIONS = frozenset(each.action for each in MOVES if each.role == AGENCY)


@dataclass(frozen=True)
class Task:
    """One agency's task: all that decisions look at. `children` are the ids of those whom it covers."""

    id: str
    agency: str
    state: str
    children: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True)
class WrongMove:
    """A move that cannot be made: `allowed` are the actions that can, now and by that role.

    `reasons` is not empty when the action itself is allowed and one of these reasons is wanted.
    """

    allowed: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def move(state: str, action: str, role: str, reason: str | None, held_from: str | None = None) -> str | WrongMove:
    """The next state, or what would be allowed. `held_from` is the state in which a task on hold was put there."""
    entry = _TABLE.get((state, action, role))
    if entry is None or (entry.next == WHERE_IT_WAS and held_from is None):
        return WrongMove(allowed(state, role))
    if (reason in entry.reasons) if entry.reasons else (reason is None):
        return held_from if entry.next == WHERE_IT_WAS and held_from else entry.next
    return WrongMove(allowed(state, role), entry.reasons)


def allowed(state: str, role: str) -> tuple[str, ...]:
    """The actions that a role may take in a state, in the table's order."""
    return tuple(each.action for each in MOVES if (each.state, each.role) == (state, role))
