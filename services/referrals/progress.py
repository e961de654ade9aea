"""Where the agencies that were asked stand, told from a timeline: what they said, what they owe, and by when. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

ANSWER, CONTACT = "decide", "contact"
WAITING_FOR_CONTACT = ("requested", "accepted", "in-progress")
OPEN = (*WAITING_FOR_CONTACT, "on-hold")
SAID_AGAIN_AFTER = timedelta(days=7)
_MOVES = {
    "task-accepted": "accepted",
    "task-rejected": "rejected",
    "task-held": "on-hold",
    "task-started": "in-progress",
    "task-completed": "completed",
    "task-failed": "failed",
    "task-cancelled": "cancelled",
}


class Entry(Protocol):
    """An entry of the timeline."""

    @property
    def type(self) -> str: ...

    @property
    def at(self) -> datetime: ...

    @property
    def detail(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Asked:
    """One agency that was asked. `late` are codes of what was told to be late; `before` is where a hold began.

    `asks`: it waits for what it asked the referrer.
    """

    agency: str
    task_id: str
    state: str = "requested"
    before: str = "requested"
    reason: str | None = None
    decide_by: date | None = None
    contact_by: date | None = None
    late: frozenset[str] = frozenset()
    asks: bool = False

    @property
    def owes(self) -> tuple[str, date] | None:
        """What is to come from the agency next, and by which day: an answer, or a first word to the family."""
        what, day = {"requested": (ANSWER, self.decide_by), "accepted": (CONTACT, self.contact_by)}.get(
            self.state, (None, None)
        )
        return (what, day) if what and day else None

    @property
    def is_late(self) -> bool:
        """Whether it owes something for which it has been reminded."""
        return self.owes is not None and self.owes[0] in self.late


def asked_of(entries: Iterable[Entry]) -> list[Asked]:
    """Every agency that was asked, as it now stands, in the order of asking."""
    found: dict[str, Asked] = {}
    for entry in entries:
        task_id = entry.detail.get("task_id")
        if not task_id:
            continue
        known = found.get(task_id) or Asked(entry.detail.get("agency") or entry.detail["agencies"][0], task_id)
        found[task_id] = _after(known, entry.type, entry.detail)
    return list(found.values())


def is_in_hand(asked: Iterable[Asked]) -> bool:
    """Whether an agency has the referral, and none that has it waits for the referrer."""
    open_ = [each for each in asked if each.state in OPEN]
    return bool(open_) and not any(each.asks for each in open_)


def without_contact(asked: Iterable[Asked], today: date) -> list[Asked]:
    """Those who should have been in touch with the family by now, as far as their answers go."""
    return [each for each in _to_contact(asked) if each.contact_by and each.contact_by < today]


def contact_day(asked: Iterable[Asked]) -> date | None:
    """The day by which somebody should have been in touch; None where nobody was asked to."""
    return min((each.contact_by for each in _to_contact(asked) if each.contact_by), default=None)


def wanted_of(entries: Iterable[Entry]) -> list[str]:
    """What was asked for last and has not come since, as codes."""
    wanted: list[str] = []
    for entry in entries:
        if entry.type == "information-requested":
            wanted = list(entry.detail["items"])
        elif entry.type == "information-supplied":
            wanted = [item for item in wanted if item not in entry.detail["items"]]
        elif entry.type == "consent-given":
            wanted = [item for item in wanted if item != "consent"]
    return wanted


def said_lately(entries: Iterable[Entry], now: datetime) -> datetime | None:
    """When somebody last said that nobody was in touch, within the days in which it is not said again."""
    said = [entry.at for entry in entries if entry.type == "not-contacted" and now - entry.at < SAID_AGAIN_AFTER]
    return max(said, default=None)


def _to_contact(asked: Iterable[Asked]) -> list[Asked]:
    return [each for each in asked if each.state in WAITING_FOR_CONTACT]


def _after(asked: Asked, kind: str, detail: dict[str, Any]) -> Asked:
    if kind == "routed":
        return replace(asked, decide_by=_day(detail.get("decide_by")), contact_by=_day(detail.get("contact_by")))
    if kind == "task-overdue":
        return replace(asked, late=asked.late | {detail["what"]})
    if kind == "information-requested":
        return replace(asked, asks=True)
    if kind == "task-resumed":
        return replace(asked, state=asked.before, reason=None, asks=False)
    if kind not in _MOVES:
        return asked
    before = asked.state if kind == "task-held" else asked.before
    return replace(asked, state=_MOVES[kind], before=before, reason=detail.get("reason"))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
