"""A task's life, as a table that the code runs, the tests walk and the documentation draws.

The states are those of FHIR's Task. A pair of state and action that is not in the table cannot happen. To assign a task
or to write a note to it is a move as well, one that leads nowhere else.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

NEW, REQUESTED, ACCEPTED, REJECTED = "new", "requested", "accepted", "rejected"
ON_HOLD, IN_PROGRESS, COMPLETED, FAILED, CANCELLED = "on-hold", "in-progress", "completed", "failed", "cancelled"
OPEN = (REQUESTED, ACCEPTED, ON_HOLD, IN_PROGRESS)
STATES = (*OPEN, REJECTED, COMPLETED, FAILED, CANCELLED)

ACKNOWLEDGED: Final = "acknowledged"
"""Where a cancelled task is once its recall was acknowledged: it shows as cancelled, and nothing more can be done to it."""

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
WITHDRAWN, UNCOVERED, FACTS_CHANGED, CLOSED, IN_ERROR, ERASED = WHY_CANCELLED = (
    "referral-withdrawn",
    "consent-withdrawn",
    "facts-changed",
    "referral-closed",
    "entered-in-error",
    "referral-erased",
)
AWAITING_INFORMATION = "awaiting-information"
ITEMS = (
    "first-name",
    "last-name",
    "date-of-birth",
    "told",
    "school",
    "practice",
    "home",
    "relationship",
    "stage",
    "released-on",
    "borough",
)
"""What an agency may ask the referrer for: codes of what a referrer can supply."""


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
    Move(ON_HOLD, "resume", SYSTEM, WHERE_IT_WAS),
    *(
        Move(state, "request-information", AGENCY, ON_HOLD, (AWAITING_INFORMATION,))
        for state in (REQUESTED, ACCEPTED, IN_PROGRESS)
    ),
    *(Move(state, action, AGENCY, state) for state in OPEN for action in ("assign", "note")),
    Move(CANCELLED, "acknowledge-recall", AGENCY, CANCELLED),
)

_TABLE = {(each.state, each.action, each.role): each for each in MOVES}
ACTIONS = frozenset(each.action for each in MOVES)
AGENCY_ACTIONS = frozenset(each.action for each in MOVES if each.role == AGENCY)


@dataclass(frozen=True)
class Task:
    """One agency's task: all that decisions look at.

    `children` are the ids of those whom it covers; `round` is that of the referral in which the agency was asked;
    `asked_at` the sequence of the facts that were known when it asked for more, and None unless it waits for them;
    `held_from` the state in which it was put on hold, and None unless it is.
    """

    id: str
    agency: str
    state: str
    children: tuple[str, ...] = ()
    reason: str | None = None
    round: int = 0
    asked_at: int | None = None
    held_from: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def is_answered_by(self, facts_sequence: int) -> bool:
        """Whether the agency asked for more and these facts are what it waits for."""
        return self.asked_at is not None and facts_sequence > self.asked_at


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


def reasons_for(state: str, role: str) -> dict[str, tuple[str, ...]]:
    """Of the actions that a role may take in a state, those that want a reason, and which there are."""
    return {each.action: each.reasons for each in MOVES if each.reasons and (each.state, each.role) == (state, role)}
