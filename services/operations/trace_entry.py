"""What a time line is made of: entries, each in a lane and with its hops. Pure.

A lane is a service's name, or `agency:` and the agency's id. The state of an entry is the worst of its own and its hops'.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Part = Mapping[str, Any]
Parts = Mapping[str, Part]
"""What each service answered, by its name; moments as `datetime`."""

DONE, SLOW, UNDER_WAY, HELD_BACK, WAITING, RETRYING, FAILED, PARKED = STATES = (
    "done",
    "slow",
    "under-way",
    "held-back",
    "waiting",
    "retrying",
    "failed",
    "parked",
)
"""The worst last. `under-way` is what has not taken long enough to be called waiting."""
SLOW_SECONDS = 5.0
SERVICES = ("referrals", "eligibility", "routing", "notifications")
"""In the order in which a referral goes through them."""
_AGENCY = "agency:"


@dataclass(frozen=True)
class Hop:
    """One step: to a service, or by a way (`queue`, `feed`, `webhook`). `seconds` is how long it took or has taken."""

    to: str
    state: str
    at: datetime | None = None
    seconds: float | None = None
    attempts: int | None = None
    error: str | None = None
    place: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """Something that happened at `at`; `seconds` is how long it took to its end, `until`, or has taken where there is none.

    `code` is what happened, `about` codes beside it, `id` that of the event or message, `cause` of the event behind it.
    """

    at: datetime
    lane: str
    kind: str
    code: str
    state: str = DONE
    until: datetime | None = None
    seconds: float | None = None
    attempts: int | None = None
    id: str | None = None
    cause: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()


def agency_lane(agency: str) -> str:
    return _AGENCY + agency


def agency_of(lane: str) -> str | None:
    """The agency's id where the lane is one's."""
    return lane.removeprefix(_AGENCY) if lane.startswith(_AGENCY) else None


def fact_of(kind: str) -> str:
    """`referral.submitted` of `uk.waypost.referrals.referral.submitted.v1`."""
    words = kind.split(".")
    return ".".join(words[3:-1]) if len(words) > 4 else kind


def told_by(parts: Parts, service: str, name: str) -> list[Part]:
    """A list that a service told; empty where it did not answer."""
    found: list[Part] = parts[service][name] if service in parts else []
    return found


def pace(seconds: float, unfinished: bool = False) -> str:
    """The state of a step that took so long, or that has not come to its end so far."""
    if unfinished:
        return WAITING if seconds >= SLOW_SECONDS else UNDER_WAY
    return SLOW if seconds >= SLOW_SECONDS else DONE


def passed(since: datetime, until: datetime) -> float:
    """Seconds; at least none, since clocks of two machines need not agree."""
    return max(0.0, (until - since).total_seconds())
