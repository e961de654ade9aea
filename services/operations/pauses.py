"""Pausing and resuming, for page, API and command line alike: a service's handling, or an agency's channel.

What is paused has one name, its target: a service's (`routing`), or an agency's with the channel behind it
(`families-apart.webhook`). The service that does the work keeps the pause and writes down who acted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import eventlet

from services.operations.desks import WATCHED, Desks
from shared.http import problems
from shared.http.problems import Problem

CHANNELS = {"webhook": "routing", "queue": "routing", "feed": "routing", "e-mail": "notifications"}
"""An agency's channels, and the service that serves each."""
USED = {"webhook": "webhooks", "queue": "queue"}
"""Those that not every agency has, by what of an agency says so."""
HANDLING = "handling"


@dataclass(frozen=True)
class Place:
    """Where a target is paused, and as what."""

    service: str
    what: str
    agency: str

    @classmethod
    def of(cls, target: str) -> "Place":
        """Raises a 404 problem for a name that is neither a service's nor an agency's with a channel."""
        agency, dot, channel = target.rpartition(".")
        if target in WATCHED:
            return cls(target, HANDLING, "")
        if not (agency and dot and channel in CHANNELS):
            names = f"{', '.join(WATCHED)}; or AGENCY.CHANNEL with {', '.join(CHANNELS)}"
            raise problems.not_found(f"There is nothing of that name to pause. There are: {names}.")
        return cls(CHANNELS[channel], channel, agency)


def target_of(service: str, pause: Mapping[str, Any]) -> str:
    """The name of what a service says is paused."""
    return service if pause["what"] == HANDLING else f"{pause['agency']}.{pause['what']}"


def paused(desks: Desks) -> dict[str, Any]:
    """`items`, the longest pause first, each with its target and how much waits; `silent`, services that do not answer."""
    items, silent = [], []
    for service, found in zip(WATCHED, eventlet.GreenPool(len(WATCHED)).imap(_asked(desks), WATCHED), strict=True):
        if found is None:
            silent.append(service)
        else:
            items += [{"target": target_of(service, each), "service": service, **each} for each in found]
    return {"items": sorted(items, key=lambda item: item["since"]), "silent": silent}


def pause(desks: Desks, actor: str, target: str, reason: str) -> None:
    """Pauses; raises problems: 404 for what is not there, 409 for what is paused already."""
    place = Place.of(target)
    about = {"what": place.what, "agency": place.agency, "reason": reason, "actor": actor}
    desks.ask(place.service, "POST", "/v1/pauses", json=about)


def resume(desks: Desks, actor: str, target: str) -> dict[str, Any]:
    """Resumes; answers the target and since when it was paused. Raises a 404 problem where it was not."""
    place = Place.of(target)
    about = {"what": place.what, "agency": place.agency, "actor": actor}
    return {"target": target, "since": desks.ask(place.service, "POST", "/v1/pauses/end", json=about)["since"]}


def channels_of(agencies: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """What of agencies can be paused, as (target, agency's name, channel): a queue or a webhook where it has one."""
    return [
        (f"{agency['agency']}.{channel}", agency["name"], channel)
        for agency in agencies
        for channel in CHANNELS
        if channel not in USED or agency[USED[channel]]
    ]


def _asked(desks: Desks) -> Any:
    def ask(service: str) -> list[dict[str, Any]] | None:
        try:
            found: list[dict[str, Any]] = desks.ask(service, "GET", "/v1/pauses")["items"]
        except Problem as problem:
            if problem.status < 500:
                raise
            return None
        return found

    return ask
