"""Events on the time line: each is one entry, with a hop for each service that hears it and each way to its agency. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from services.operations.trace_entry import (
    DONE,
    FAILED,
    PARKED,
    RETRYING,
    STATES,
    UNDER_WAY,
    WAITING,
    Entry,
    Hop,
    Part,
    Parts,
    agency_lane,
    fact_of,
    pace,
    passed,
    told_by,
)
from shared.messaging.pauses import HELD


def events(parts: Parts, now: datetime) -> Iterator[Entry]:
    """Every event that some service wrote, and every failed message that none says it wrote."""
    beside, written = _beside(parts), set()
    for service, part in parts.items():
        for event in part["events"]:
            written.add(event["event_id"])
            yield _entry(parts, service, event, beside(event), now)
    for service, part in parts.items():
        for failed in part["failures"]:
            if failed["event_id"] not in written:
                yield _unknown(service, failed, now)


def _entry(parts: Parts, service: str, event: Part, beside: Mapping[str, Any], now: datetime) -> Entry:
    audience, sent = event["audience"], event["sent_at"]
    hops = tuple(_ways(parts, event, now) if audience else _taken(parts, event, now))
    took = passed(event["written_at"], sent or now)
    own = pace(took, unfinished=sent is None)
    return Entry(
        at=event["written_at"],
        lane=agency_lane(audience) if audience else service,
        kind="told" if audience else "event",
        code=fact_of(event["type"]),
        state=max((own, *(hop.state for hop in hops)), key=STATES.index),
        until=sent,
        seconds=took,
        attempts=event["attempts"] + (sent is not None),
        id=event["event_id"],
        cause=event["cause"],
        about={**event["codes"], **beside, **({"problem": event["problem"]} if event["problem"] else {})},
        hops=hops,
    )


def _beside(parts: Parts) -> Callable[[Part], Mapping[str, Any]]:
    """What was written in the transaction of an event, and so at the same moment, is told with it.

    The agreement that a referral came with is a moment older: it was read before the transaction began.
    """
    agreements = told_by(parts, "referrals", "agreements")
    agreed = {each["at"]: {"agencies": each["scope"]} for each in agreements}
    came_with = [{"agencies": each["scope"]} for each in agreements[:1]]
    assessed = {
        each["at"]: {"outcomes": each["outcomes"], "directory": each["directory_version"]}
        for each in told_by(parts, "eligibility", "assessments")
    }
    moved = {(each["at"], each["task_id"]): {"by": each["actor"]} for each in told_by(parts, "routing", "moves")}

    def of(event: Part) -> Mapping[str, Any]:
        at, fact = event["written_at"], fact_of(event["type"])
        if fact.startswith("consent."):
            return agreed.get(at, {})
        if fact == "referral.submitted":
            return came_with[0] if came_with and agreements[0]["at"] <= at else {}
        if fact == "eligibility.assessed":
            return assessed.get(at, {})
        return moved.get((at, event["codes"].get("task_id")), {})

    return of


def _taken(parts: Parts, event: Part, now: datetime) -> Iterator[Hop]:
    """What became of an event at each service, and how long after it was written.

    Not after it was sent: that is noted when the broker has confirmed it, and by then others may have it.
    """
    written = event["written_at"]
    for service, part in parts.items():
        taken = part["taken_by_id"].get(event["event_id"])
        failed = part["failed_by_id"].get(event["event_id"])
        if taken:
            took = passed(written, taken["taken_at"])
            state = FAILED if taken["given_up"] else pace(took)
            yield Hop(service, state, taken["taken_at"], took, taken["attempts"], taken["error"])
        elif failed:
            yield _failed(service, failed, now)
        elif event["sent_at"] and event["type"] in part["hears"]:
            took = passed(written, now)
            yield Hop(service, pace(took, unfinished=True), seconds=took)


def _failed(service: str, failed: Part, now: datetime) -> Hop:
    state = PARKED if failed["parked_at"] else WAITING if failed["error"] == HELD else RETRYING
    took = passed(failed["first_failed_at"], now)
    about = (failed["attempts"], failed["error"], failed["place"], failed["due_at"])
    return Hop(service, state, failed["failed_at"], took, *about)


def _unknown(service: str, failed: Part, now: datetime) -> Entry:
    hop = _failed(service, failed, now)
    return Entry(
        at=failed["first_failed_at"],
        lane=service,
        kind="failure",
        code=fact_of(failed["type"]),
        state=hop.state,
        seconds=hop.seconds,
        attempts=hop.attempts,
        id=failed["event_id"],
        hops=(hop,),
    )


def _ways(parts: Parts, event: Part, now: datetime) -> Iterator[Hop]:
    """How an agency hears of an event once it is sent: by its queue, its feed, and each webhook."""
    if event["sent_at"] is None:
        return
    if event["audience"] in parts["routing"]["queued"]:
        yield Hop("queue", DONE, event["sent_at"])
    yield Hop("feed", DONE, event["sent_at"])
    for each in told_by(parts, "routing", "webhooks"):
        if each["event_id"] == event["event_id"]:
            yield _webhook(each, now)


def _webhook(each: Part, now: datetime) -> Hop:
    """Of a delivery that went well nothing but that is kept."""
    since, given_up = each["first_failed_at"], each["given_up_at"]
    if since is None:
        return Hop("webhook", DONE if each["passed"] and not each["due_at"] else UNDER_WAY)
    took = passed(since, given_up or now)
    state = FAILED if given_up else RETRYING
    return Hop("webhook", state, given_up or since, took, each["attempts"], each["problem"], due_at=each["due_at"])
