"""What is seen of one family from outside, held against its story. Each function yields, in words, what differs."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from shared.clock import london_date
from shared.working_days import is_working_day
from tests.support.lives.witness import OPERATIONS, SCHOOL, Family, Witness
from tests.support.routing_model import AGENCIES, OPEN

Json = dict[str, Any]
MORNING = 8
TOLD_OF = {
    "cancelled": "task.recalled",
    "rejected": "task.rejected",
    "completed": "task.completed",
    "failed": "task.failed",
}


def differences(witness: Witness, family: Family) -> Iterator[str]:
    """Of one family, as its referrer, both agencies and operations see it."""
    told = witness.read(SCHOOL, f"/referrals/{family.id}/timeline")
    shown = witness.read(SCHOOL, f"/referrals/{family.id}")
    story = family.story
    yield from differs("status", story.status, shown["status"])
    yield from differs("allowed", story.allowed, set(shown["allowed"]))
    yield from differs("rules", story.lives.words, {each["agency"]: each["outcome"] for each in shown["receipts"]})
    asked = sorted((each["agency"], each["state"]) for each in told["asked"])
    yield from differs("asked", sorted((task.agency, task.state) for task in story.tasks), asked)
    entries = Counter(item["type"] for item in told["items"])
    yield from differs("received and routed", (1, len(story.tasks)), (entries["received"], entries["routed"]))
    if story.is_reminded and not entries["consent-awaited"]:
        yield "nobody was reminded that agreement is waited for"
    if not _somebody_is_next(witness, family, shown, told):
        yield f"{shown['status']}, and nobody's turn: {told['next']}"
    for agency in AGENCIES:
        yield from _as_agency(witness, family, agency)


def _somebody_is_next(witness: Witness, family: Family, shown: Json, told: Json) -> bool:
    """Whether the family has an answer, or it is told whose turn it is."""
    match shown["status"]:
        case "awaiting-consent":
            return "give-consent" in shown["allowed"]
        case "information-requested":
            return bool(told["wanted"])
        case "under-review":
            path = f"/reviews/{family.id}"
            return witness.ask(OPERATIONS, "GET", path).status_code == 200
        case "routed":
            return any(each["state"] in OPEN for each in told["asked"])
        case "not-eligible":
            return any(item["detail"].get("signposts") for item in told["items"] if item["type"] == "not-eligible")
    return bool(told["next"]) and shown["status"] in ("closed", "withdrawn", "entered-in-error")


def _as_agency(witness: Witness, family: Family, agency: str) -> Iterator[str]:
    own = family.story.of(agency)
    rows = witness.tasks(agency, family.reference)
    yield from differs(
        f"tasks of {agency}",
        [(task.state, task.reason, task.acknowledged) for task in own],
        [(row["state"], row["reason"], row["recall_acknowledged_at"] is not None) for row in rows],
    )
    covered = [0 if row["state"] == "cancelled" else 1 for row in rows]
    yield from differs(f"children shown to {agency}", covered, [len(row["children"]) for row in rows])
    heard = witness.heard(agency, family.id)
    ids = {row["id"] for row in rows}
    yield from (f"{agency} heard {fact_of(event)} of no task of its own" for event in heard if _task(event) not in ids)
    facts = Counter(fact_of(event) for event in heard)
    expected = Counter({"referral.routed": len(own)}) + Counter(
        TOLD_OF[task.state] for task in own if task.state in TOLD_OF
    )
    told = ("referral.routed", *TOLD_OF.values())
    yield from differs(f"told to {agency}", expected, Counter({fact: facts[fact] for fact in told}) + Counter())
    yield from _late(witness, family, agency, rows, heard)


def _late(witness: Witness, family: Family, agency: str, rows: list[Json], heard: list[Json]) -> Iterator[str]:
    """What is late by now was told to be, once; nothing was before."""
    overdue = [event for event in heard if fact_of(event) == "task.overdue"]
    said = Counter((_task(event), event["data"]["what"]) for event in overdue)
    yield from (f"{agency} was told twice that {what} is late" for (_, what), count in said.items() if count > 1)
    for event in overdue:
        if date.fromisoformat(event["data"]["due"]) >= london_date(datetime.fromisoformat(event["time"])):
            yield f"{agency} was told too early that {event['data']['what']} is late"
    now = witness.now()
    if not is_working_day(now.date()) or now.hour < MORNING:
        return
    for row in rows:
        for what, due in _owed(row, family):
            if date.fromisoformat(due) < now.date() and not said[row["id"], what]:
                yield f"{agency} was not told that {what} is late since {due}"


def _owed(row: Json, family: Family) -> Iterator[tuple[str, str]]:
    if row["state"] == "requested":
        yield "decide", row["decide_by"]
        if row["id"] not in family.seen:
            yield "acknowledge", row["acknowledge_by"]
    elif row["state"] == "accepted":
        yield "contact", row["contact_by"]
    elif row["state"] == "cancelled" and row["due"]:
        yield "recall", row["due"]


def differs(what: str, expected: Any, found: Any) -> Iterator[str]:
    if expected != found:
        yield f"{what}: should be {expected}, is {found}"


def fact_of(event: Json) -> str:
    """`uk.waypost.routing.task.recalled.v1` is `task.recalled`."""
    return str(event["type"]).split(".", 3)[3].rpartition(".")[0]


def _task(event: Json) -> str:
    return str(event["data"]["task_id"])
