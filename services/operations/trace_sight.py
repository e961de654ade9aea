"""What each agency could see of a referral at any moment, told from what was agreed, asked and ended, and when. Pure.

It follows the rules by which a look is answered: an agency sees a family while it has an open task, the referral goes on, and
the agreement of that moment covers it. Of a task that is over it sees that there was one; after a recall, that it must stop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.contracts.disclosure import Disclosed

NOTHING, TASK, FAMILY, RECALL = LEVELS = ("nothing", "task", "family", "recall")
CONSULTATION = "consultation"
OPEN = ("requested", "accepted", "on-hold", "in-progress")
CANCELLED = "cancelled"
_QUESTION = ("borough", "question")
_ALWAYS = ("reference", "kind")
_ALL = [name for name in Disclosed().fields if name not in _ALWAYS]
PARTS = {
    CONSULTATION: tuple(name for name in _ALL if name in (*_QUESTION, "referrer")),
    "family-support": tuple(name.replace("_", "-") for name in _ALL if name not in _QUESTION),
}
"""What an agency is shown of each kind of referral, as codes; of a family, as far as it was given and is safe."""


@dataclass(frozen=True)
class Agreement:
    """What a family agreed to from `at` on: agencies, or None where the record was erased and whoever was asked counts."""

    at: datetime
    kind: str
    scope: frozenset[str] | None
    runs_out_at: datetime | None = None


@dataclass(frozen=True)
class Ended:
    """The referral's end from `at` on, as the code with which a look is refused; None where it was opened again."""

    at: datetime
    how: str | None


@dataclass(frozen=True)
class Moved:
    """A task's state from `at` on, and why."""

    at: datetime
    task_id: str
    agency: str
    state: str
    reason: str | None


@dataclass(frozen=True)
class Past:
    """All that counts, each in the order of time."""

    kind: str
    agreements: Sequence[Agreement]
    ends: Sequence[Ended]
    moves: Sequence[Moved]


@dataclass(frozen=True)
class Period:
    """What one agency could see from `since` (None: from the first) until `until` (None: still), and the code of why."""

    agency: str
    level: str
    because: str
    since: datetime | None
    until: datetime | None = None


def periods(past: Past, agency: str, now: datetime) -> list[Period]:
    """Every change of what the agency could see, up to `now`, the oldest first."""
    found = [Period(agency, NOTHING, "not-asked", None)]
    for moment in sorted(moment for moment in set(_moments(past, agency)) if moment <= now):
        level, because = _seen(past, agency, moment)
        last = found[-1]
        if (level, because) != (last.level, last.because):
            found[-1:] = [replace(last, until=moment), Period(agency, level, because, moment)]
    return found


def at(found: Iterable[Period], moment: datetime) -> Period:
    """The period that a moment lies in; a change counts from its own moment on."""
    return [each for each in found if each.since is None or each.since <= moment][-1]


def _moments(past: Past, agency: str) -> Iterable[datetime]:
    for agreement in past.agreements:
        yield agreement.at
        if agreement.runs_out_at:
            yield agreement.runs_out_at
    yield from (end.at for end in past.ends)
    yield from (move.at for move in past.moves if move.agency == agency)


def _seen(past: Past, agency: str, moment: datetime) -> tuple[str, str]:
    """The level, and why."""
    tasks: dict[str, Moved] = {}
    for move in past.moves:
        if move.agency == agency and move.at <= moment:
            tasks[move.task_id] = move
    if not tasks:
        return NOTHING, "not-asked"
    if any(task.state in OPEN for task in tasks.values()):
        refusal = _refusal(past, agency, moment)
        agreed = CONSULTATION if past.kind == CONSULTATION else "agreed"
        return (TASK, refusal) if refusal else (FAMILY, agreed)
    newest = list(tasks.values())[-1]
    if newest.state == CANCELLED:
        return RECALL, newest.reason or CANCELLED
    return TASK, f"task-{newest.state}"


def _refusal(past: Past, agency: str, moment: datetime) -> str | None:
    """Why a look at an open task would have been refused, as a code."""
    ends = [end.how for end in past.ends if end.at <= moment]
    if ends and ends[-1]:
        return ends[-1]
    if past.kind == CONSULTATION:
        return None
    agreed = [agreement for agreement in past.agreements if agreement.at <= moment]
    if not agreed:
        return "consent-not-given"
    last = agreed[-1]
    if last.kind != "given":
        return f"consent-{last.kind}"
    if last.runs_out_at and last.runs_out_at <= moment:
        return "consent-expired"
    return None if last.scope is None or agency in last.scope else "consent-does-not-cover"
