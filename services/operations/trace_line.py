"""One time line out of what each service knows of a referral, in the order of time. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from services.operations.trace_entry import (
    DONE,
    FAILED,
    HELD_BACK,
    RETRYING,
    SERVICES,
    SLOW,
    Entry,
    Parts,
    agency_lane,
    pace,
    passed,
    told_by,
)
from services.operations.trace_events import events

_MESSAGES = {"sent": DONE, "suppressed": HELD_BACK, "failed": FAILED}
_WITHOUT_EVENT = ("assign", "note")
_OF_RULINGS = "review."


def line(parts: Parts, now: datetime) -> list[Entry]:
    """Every event, failure, message, look and act; what began at one moment, in the order of the lanes."""
    found = [*events(parts, now), *_messages(parts, now), *_looks(parts), *_of_tasks(parts), *_acts(parts)]
    order = {lane: number for number, lane in enumerate(lanes(found))}
    return sorted(found, key=lambda entry: (entry.at, order[entry.lane]))


def lanes(entries: Iterable[Entry]) -> list[str]:
    """The services, then the agencies in the order in which they came in."""
    agencies = dict.fromkeys(entry.lane for entry in sorted(entries, key=lambda entry: entry.at))
    return [*SERVICES, *(lane for lane in agencies if lane not in SERVICES)]


def _messages(parts: Parts, now: datetime) -> Iterator[Entry]:
    """Messages to people, from when they were due to when they went."""
    named = ("audience", "agency", "channel", "problem", "receipt")
    for each in told_by(parts, "notifications", "messages"):
        took = passed(each["created_at"], each["ended_at"] or now)
        waits = RETRYING if each["problem"] else pace(took, unfinished=True)
        state = _MESSAGES.get(each["status"], waits)
        yield Entry(
            at=each["created_at"],
            lane="notifications",
            kind="message",
            code=each["template"],
            state=pace(took) if state == DONE else state,
            until=each["ended_at"],
            seconds=took,
            attempts=each["attempts"],
            id=each["id"],
            cause=each["event_id"],
            about={name: each[name] for name in named if each[name]},
        )


def _looks(parts: Parts) -> Iterator[Entry]:
    """Who was shown what of the family, or was refused it; and when an agency first read its task."""
    for look in told_by(parts, "referrals", "looks"):
        lane = agency_lane(look["agency"]) if look["agency"] else "referrals"
        about: dict[str, Any] = {"by": look["who"], "parts": look["parts"] or []}
        shown = look["outcome"] == "shown"
        if not shown:
            about["reason"] = look["outcome"]
        yield Entry(look["at"], lane, "look", look["purpose"], DONE if shown else HELD_BACK, about=about)
    for read in told_by(parts, "routing", "reads"):
        yield Entry(read["at"], agency_lane(read["agency"]), "read", "task", about={"task_id": read["task_id"]})


def _of_tasks(parts: Parts) -> Iterator[Entry]:
    """What no event tells of: who was put to a task, what was noted, and lateness that operations alone hear of."""
    for move in told_by(parts, "routing", "moves"):
        if move["action"] in _WITHOUT_EVENT:
            about = {"by": move["actor"], "task_id": move["task_id"]}
            yield Entry(move["at"], agency_lane(move["agency"]), "move", move["action"], about=about)
    for chase in told_by(parts, "routing", "chases"):
        if chase["stage"] == "escalated":
            about = {"agency": chase["agency"], "task_id": chase["task_id"]}
            yield Entry(chase["at"], "routing", "late", chase["what"], SLOW, about=about)


def _acts(parts: Parts) -> Iterator[Entry]:
    """What people did: rulings, and all else that is in the audit."""
    ruled = told_by(parts, "routing", "rulings")
    for ruling in ruled:
        about = {"by": ruling["actor"], **({"agency": ruling["agency"]} if ruling["agency"] else {})}
        yield Entry(ruling["at"], "routing", "ruling", ruling["decision"], about=about)
    for service, part in parts.items():
        for act in part["acts"]:
            if not (ruled and act["action"].startswith(_OF_RULINGS)):
                yield Entry(act["at"], service, "act", act["action"], about={"by": act["actor"]})
