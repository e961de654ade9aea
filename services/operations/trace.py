"""A referral's trace: every service is asked what it knows, and the answers are put on one time line.

One function beneath the page, the API and the command line. Nothing in it names anybody: ids, codes and times.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import quote

import eventlet

from services.operations.desks import WATCHED, Desks
from services.operations.trace_entry import Part, Parts
from services.operations.trace_line import lanes, line
from services.operations.trace_past import sight
from services.operations.trace_waits import waits
from shared.http.problems import Problem


def trace_of(desks: Desks, reference: str, now: datetime, at: datetime | None = None) -> dict[str, Any]:
    """What `trace_routes.Trace` names; `at` is the moment that is asked about, at the latest and unless it is given this one.

    Raises problems: 404 for no such reference, 503 where nobody can say. Another service that does not answer is in `silent`.
    """
    found = desks.ask("referrals", "GET", f"/v1/references/{quote(reference, safe='')}")
    parts = _parts(desks, found["referral_id"])
    own, routing = parts["referrals"], parts.get("routing", {})
    moment = min(at or now, now)
    entries = line(parts, now)
    return {
        **found,
        **{name: own[name] for name in ("kind", "status", "received_at", "erased")},
        "now": now,
        "at": moment,
        "silent": [name for name in WATCHED if name not in parts],
        "agencies": routing.get("agencies", {}),
        "lanes": lanes(entries),
        "waits": [asdict(each) for each in waits(entries, parts, now)],
        "sight": sight(parts, moment, now),
        "entries": [asdict(each) for each in entries],
    }


def _parts(desks: Desks, referral_id: str) -> Parts:
    """What each service that answers knows; first what it told, then what became of all that was told."""
    path = f"/v1/traces/{quote(referral_id, safe='')}"
    told = _asked(lambda name: desks.ask(name, "GET", path), WATCHED)
    if isinstance(told["referrals"], Problem):
        raise told["referrals"]
    answered = {name: part for name, part in told.items() if not isinstance(part, Problem)}
    ids = [event["event_id"] for part in answered.values() for event in part["events"]]
    ids += [task["id"] for task in answered.get("routing", {}).get("tasks", ())]
    became = _asked(lambda name: desks.ask(name, "POST", f"{path}/taken", json={"ids": ids}), tuple(answered))
    whole = {name: {**answered[name], **part} for name, part in became.items() if not isinstance(part, Problem)}
    if "referrals" not in whole:
        raise became["referrals"]
    return {name: _indexed(_with_moments(part)) for name, part in whole.items()}


def _asked(ask: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Their answers, asked at the same time; a problem in the place of an answer."""

    def one(name: str) -> Any:
        try:
            return ask(name)
        except Problem as problem:
            return problem

    return dict(zip(names, eventlet.GreenPool(len(names)).imap(one, names), strict=True))


def _indexed(part: Part) -> Part:
    taken = {each["event_id"]: each for each in part["taken"]}
    failed = {each["event_id"]: each for each in part["failures"]}
    return {**part, "taken_by_id": taken, "failed_by_id": failed}


def _with_moments(value: Any) -> Any:
    """JSON with moments in the place of their texts: they are what is called `at`, or ends so."""
    if isinstance(value, list):
        return [_with_moments(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: datetime.fromisoformat(each)
        if isinstance(each, str) and (name == "at" or name.endswith("_at"))
        else _with_moments(each)
        for name, each in value.items()
    }
