"""What a referral waits for at this moment, out of its time line: the answer to "why does it not go on?". Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.operations.trace_entry import (
    FAILED,
    PARKED,
    RETRYING,
    SERVICES,
    WAITING,
    Entry,
    Hop,
    Parts,
    agency_lane,
    passed,
    told_by,
)
from shared.messaging.pauses import HELD

_OF_SERVICE = {WAITING: "not-taken", RETRYING: "retrying", PARKED: "parked"}
_OF_WEBHOOK = {RETRYING: "webhook-failing", FAILED: "webhook-gave-up"}
_OF_MESSAGE = {WAITING: "message-waiting", RETRYING: "message-delayed", FAILED: "message-failed"}
_WORST = ("parked", "retrying", HELD, "not-taken", "unsent", "untold", "webhook-gave-up", "webhook-failing")
_REQUESTED = "requested"


@dataclass(frozen=True)
class Wait:
    """Something that has not come to its end: what (a code), where, since when; `what` is the event or message, `id` its id."""

    code: str
    lane: str
    since: datetime
    seconds: float
    what: str | None = None
    id: str | None = None
    error: str | None = None


def waits(entries: Sequence[Entry], parts: Parts, now: datetime) -> list[Wait]:
    """The worst first; of one kind, what has waited longest."""
    found = [*_of_entries(entries, now), *_of_people(parts, now)]
    order = {code: number for number, code in enumerate(_WORST)}
    return sorted(found, key=lambda wait: (order.get(wait.code, len(order)), wait.since))


def _of_entries(entries: Iterable[Entry], now: datetime) -> Iterator[Wait]:
    for entry in entries:
        problem = str(entry.about.get("problem") or "")
        if entry.kind in ("event", "told") and entry.until is None and entry.state == WAITING:
            yield _wait("unsent" if entry.kind == "event" else "untold", entry.lane, entry.at, entry, now, problem)
        if entry.kind == "message" and entry.state in _OF_MESSAGE:
            yield _wait(_OF_MESSAGE[entry.state], entry.lane, entry.at, entry, now, problem)
        for hop in entry.hops:
            code = _code_of(hop)
            if code:
                lane = hop.to if hop.to in SERVICES else entry.lane
                since = entry.until or entry.at
                yield _wait(code, lane, since, entry, now, hop.error)


def _code_of(hop: Hop) -> str | None:
    if hop.error == HELD and hop.state == WAITING:
        return HELD
    return (_OF_SERVICE if hop.to in SERVICES else _OF_WEBHOOK).get(hop.state)


def _wait(code: str, lane: str, since: datetime, entry: Entry, now: datetime, error: str | None) -> Wait:
    return Wait(code, lane, since, passed(since, now), entry.code, entry.id, error or None)


def _of_people(parts: Parts, now: datetime) -> Iterator[Wait]:
    """A decision that a person has to make, and agencies that have not answered."""
    review = parts["routing"]["review"] if "routing" in parts else None
    if review:
        at = review["changed_at"]
        yield Wait("review", "routing", at, passed(at, now), review["review"])
    for task in told_by(parts, "routing", "tasks"):
        if task["state"] == _REQUESTED:
            at = task["requested_at"]
            yield Wait("answer", agency_lane(task["agency"]), at, passed(at, now))
