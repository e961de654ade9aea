"""A referral's way as a picture: a lane for each service and agency, time from left to right, a line to whoever heard. Pure.

A moment is as far from the one before as the logarithm of what passed between, so that milliseconds and weeks stand in one
picture; a wait of a minute or more is marked. What an agency could see lies behind its lane. It holds no words.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from math import log10
from typing import Any

from services.operations.trace_entry import SLOW_SECONDS

LANE = 36
"""Also the height of a lane's name beside the picture."""
TOP, LEFT, RIGHT = 28, 14, 20
NEAR, FAR = 5.0, 11.0
WIDE = 960.0
"""A picture of little is drawn wider, until it fills a page; one of much is as wide as it needs to be."""
MARKED_SECONDS = 60.0
_CALM, _SLOW, _BAD, _QUIET = "calm", "slow", "bad", "held"
_LOOKS = {"slow": _SLOW, "waiting": _SLOW, "retrying": _SLOW, "failed": _BAD, "parked": _BAD, "held-back": _QUIET}
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Band:
    """What an agency could see, behind its lane."""

    level: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Picture:
    """Figures for an SVG of `width` by `height`; `paths` by what is drawn (`bar`, `link`, `dot`) and how it looks."""

    width: int
    height: int
    lanes: Sequence[float]
    bands: Sequence[Band]
    breaks: Sequence[float]
    paths: Sequence[tuple[str, str, str]]
    cursor: float


def picture_of(trace: Json) -> Picture:
    """The picture of what `trace_of` answers."""
    entries, now = trace["entries"], trace["now"]
    places = _Places([*_moments(entries), *_changes(trace["sight"]), trace["at"], now])
    height_of = {lane: TOP + LANE * number + LANE / 2 for number, lane in enumerate(trace["lanes"])}
    return Picture(
        width=round(places.end + RIGHT),
        height=TOP + LANE * len(trace["lanes"]),
        lanes=list(height_of.values()),
        bands=_bands(trace["sight"], places, height_of),
        breaks=places.breaks,
        paths=_paths(entries, places, height_of, now),
        cursor=places.of(trace["at"]),
    )


class _Places:
    """Where moments lie from left to right, and the middles of the waits that are marked."""

    def __init__(self, moments: Iterable[datetime]) -> None:
        ordered = sorted(set(moments))
        waits = [(after - before).total_seconds() for before, after in pairwise(ordered)]
        steps = [NEAR + FAR * log10(1 + wait / 0.01) for wait in waits]
        stretch = max(1.0, (WIDE - LEFT) / (sum(steps) or 1.0))
        ends = [LEFT + stretch * along for along in accumulate(steps, initial=0.0)]
        self._places = {moment: round(end, 1) for moment, end in zip(ordered, ends, strict=True)}
        between = zip(waits, pairwise(ends), strict=True)
        self.breaks = [round((a + b) / 2, 1) for wait, (a, b) in between if wait >= MARKED_SECONDS]
        self.end = ends[-1]

    def of(self, moment: datetime) -> float:
        return self._places[moment]


def _moments(entries: Sequence[Json]) -> Iterable[datetime]:
    for entry in entries:
        yield entry["at"]
        if entry["until"]:
            yield entry["until"]
        yield from (hop["at"] for hop in entry["hops"] if hop["at"])


def _changes(sight: Sequence[Json]) -> Iterable[datetime]:
    return (period["since"] for each in sight for period in each["periods"] if period["since"])


def _bands(sight: Sequence[Json], places: _Places, height_of: Mapping[str, float]) -> list[Band]:
    found = []
    for each in sight:
        y = height_of.get(f"agency:{each['agency']}")
        for period in each["periods"]:
            if y is not None and period["since"]:
                x = places.of(period["since"])
                end = places.of(period["until"]) if period["until"] else places.end
                found.append(Band(period["level"], x, y - LANE / 2 + 3, round(end - x, 1)))
    return found


def _paths(
    entries: Sequence[Json], places: _Places, height_of: Mapping[str, float], now: datetime
) -> list[tuple[str, str, str]]:
    """One path for all that is drawn alike: the page stays small, however much has happened."""
    drawn: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in entries:
        y, look = height_of[entry["lane"]], _look(entry)
        start = places.of(entry["at"])
        end = places.of(entry["until"] or now) if entry["seconds"] is not None else start
        if end > start:
            drawn["bar", look].append(f"M{start} {y}H{end}")
        for hop in entry["hops"]:
            to = height_of.get(hop["to"], y)
            mine, arrived = _LOOKS.get(hop["state"], _CALM), places.of(hop["at"] or now)
            if to != y:
                drawn["link", mine].append(f"M{start} {y}L{arrived} {to}")
            drawn["dot", mine].append(f"M{arrived} {to}h0")
        drawn["dot", look].append(f"M{start} {y}h0")
    order = {"link": 0, "bar": 1, "dot": 2}
    worst = {_CALM: 0, _QUIET: 1, _SLOW: 2, _BAD: 3}
    keys = sorted(drawn, key=lambda key: (order[key[0]], worst[key[1]]))
    return [(kind, look, "".join(drawn[kind, look])) for kind, look in keys]


def _look(entry: Json) -> str:
    """How an entry itself looks: what its hops met is drawn where they met it."""
    if not entry["hops"] or entry["kind"] == "failure":
        return _LOOKS.get(entry["state"], _CALM)
    return _SLOW if (entry["seconds"] or 0.0) >= SLOW_SECONDS else _CALM
