"""The family on a task's page: disclosed as the API discloses it, each view a look on record; or why there is none to see."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from services.routing.disclosure import Disclosure
from services.routing.domain.tasks import OPEN
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.web import formats

ENDED, OTHER = "ended", "other"
_DAY = len("2026-11-20")


def as_read(disclosed: Mapping[str, Any], needs: Mapping[str, str]) -> dict[str, Any]:
    """What is disclosed, with the children's first names by id, needs by name, and the release as people write it."""
    released = (disclosed.get("relative") or {}).get("released_on")
    return {
        **disclosed,
        "names": {child["id"]: child["first_name"] for child in disclosed.get("children", ())},
        "needs": [needs.get(code, code) for code in disclosed.get("needs", ())],
        "release": released and (formats.spoken(released) if len(released) == _DAY else _month(released)),
    }


def _month(text: str) -> str:
    """`2026-11` as November 2026."""
    return formats.spoken(f"{text}-01").partition(" ")[2]


class Family(NamedTuple):
    """What is disclosed, or None and the code of why."""

    shown: Mapping[str, Any] | None
    gone: str | None = None


def family_of(disclosure: Disclosure, key: Key, task: Mapping[str, Any], needs: Mapping[str, str]) -> Family:
    """`task` is the task in full. Of one that is over nothing is asked, so that no refused look is on record."""
    if task["state"] not in OPEN:
        return Family(None, ENDED)
    try:
        return Family(as_read(orjson.loads(disclosure.look(key, task["id"]).data), needs))
    except Problem as problem:
        if problem.status == 404 and problem.code != "rehearsal":
            raise
        return Family(None, problem.code if problem.code in ("rehearsal", "referrals-away") else OTHER)
