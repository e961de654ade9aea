"""Asks a running Waypost as each who may: the school, another organisation, the agencies, operations. No answer may be a 5xx.

witness.wait_for(family)    until nothing about the family moves any more and all is as its story says
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from shared.clock import LONDON
from tests.support.lives.story import Story
from tests.support.routing_model import AGENCIES
from tests.support.system import System

Json = dict[str, Any]
SCHOOL, STRANGER, OPERATIONS = "referrer", "test-surgery", "operations"
ASKS = {SCHOOL: "referrals", STRANGER: "referrals", OPERATIONS: "operations"} | dict.fromkeys(AGENCIES, "routing")
"""Which service each asks."""
ANSWER_WITHIN, RIGHT_WITHIN = 60, 60
MOVING = {"under-way", "waiting", "retrying"}
IN_TRANSIT = ("event", "told", "message")


@dataclass
class Family:
    """A family as its referrer knows it: what was posted under which key, what was answered; and its story.

    `names` are what tells it from every other; `age` is in hours; `seen` are tasks that their agency has read or moved;
    `unchecked` is one to whom something was done that must have changed nothing.
    """

    key: str
    body: Json
    names: tuple[str, ...]
    answer: Json
    story: Story
    age: int = 0
    seen: set[str] = field(default_factory=set)
    unchecked: bool = False

    @property
    def id(self) -> str:
        return str(self.answer["id"])

    @property
    def reference(self) -> str:
        return str(self.answer["reference"])


Compare = Callable[["Witness", Family], Iterable[str]]


class Witness:
    """`clock` is the file that says how far ahead the system's clock is, in seconds.

    `asked` counts requests, `changes` what was done to families and checked, `days` how far the clock was moved.
    """

    def __init__(self, system: System, clock: Path) -> None:
        self.system = system
        self._clock = clock
        self._session = requests.Session()
        self.asked = self.changes = 0
        self._urls = {
            "referrals": system.referrals_url,
            "routing": system.routing_url,
            "operations": system.operations_url,
        }
        # Those of whoever has just started it; the other organisation asks for its own.
        keys = json.loads((system.data / "keys" / "demo.json").read_text())
        self._keys = keys | {STRANGER: system.key("referrals", STRANGER)}
        self._feeds: dict[str, list[Json]] = {agency: [] for agency in AGENCIES}
        self._cursors = dict.fromkeys(AGENCIES, "")

    def ask(
        self, who: str, method: str, path: str, body: Json | None = None, key: str | None = None
    ) -> requests.Response:
        """`path` comes after `/v1`; `key` is an Idempotency-Key."""
        self.asked += 1
        headers = {"Authorization": f"Bearer {self._keys[who]}"} | ({"Idempotency-Key": key} if key else {})
        url = f"{self._urls[ASKS[who]]}/v1{path}"
        answer = self._session.request(method, url, json=body, headers=headers, timeout=ANSWER_WITHIN)
        assert answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer

    def read(self, who: str, path: str) -> Json:
        answer = self.ask(who, "GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:300]}"
        found: Json = answer.json()
        return found

    def every(self, who: str, path: str) -> Iterator[Json]:
        """Each item of a list, page by page."""
        following = f"{path}?limit=100"
        while True:
            page = self.read(who, following)
            yield from page["items"]
            if page["next"] is None:
                return
            following = f"{path}?limit=100&cursor={page['next']}"

    def tasks(self, agency: str, reference: str) -> list[Json]:
        """The agency's own tasks of one referral, in the order of asking."""
        items: list[Json] = self.read(agency, f"/tasks?reference={reference}")["items"]
        return sorted(items, key=lambda item: str(item["id"]))

    def feed(self, agency: str, after: str) -> tuple[list[Json], str]:
        """What the agency's feed has after a cursor (from its beginning without one), and the cursor that follows."""
        found: list[Json] = []
        while True:
            page = self.read(agency, f"/events?limit=100{f'&after={after}' if after else ''}")
            found, after = found + page["events"], page["next"]
            if not page["events"]:
                return found, after

    def heard(self, agency: str, referral_id: str) -> list[Json]:
        """What the agency was told of a referral, as it was told at the time."""
        news, self._cursors[agency] = self.feed(agency, self._cursors[agency])
        self._feeds[agency] += news
        return [event for event in self._feeds[agency] if event["subject"] == referral_id]

    @property
    def days(self) -> int:
        return round(self._ahead / 86_400)

    @property
    def _ahead(self) -> float:
        return float(self._clock.read_text())

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self._ahead, LONDON)

    def forward(self, hours: int) -> None:
        """From one moment to the next so many hours later."""
        half = self._clock.with_suffix(".new")
        half.write_text(f"{self._ahead + hours * 3600}")
        half.replace(self._clock)

    def wait_for(self, family: Family, compare: Compare) -> None:
        """Until all is still and nothing differs; fails with what differed last."""
        deadline = time.monotonic() + RIGHT_WITHIN
        while True:
            self.wait_until_still(family)
            if not (different := list(compare(self, family))):
                self.changes += 1
                return
            assert time.monotonic() < deadline, "\n".join([f"{family.reference} ({family.id}):", *different])
            time.sleep(0.1)

    def wait_until_still(self, family: Family) -> None:
        """Seen twice with nothing under way: what came of it in between would be there the second time."""
        deadline = time.monotonic() + RIGHT_WITHIN
        before: list[str] | None = None
        while True:
            time.sleep(0.05)
            there, moving = self._in_transit(family)
            if not moving and there == before:
                return
            before = None if moving else there
            assert time.monotonic() < deadline, f"{family.reference} ({family.id}) still moves: {moving}"

    def _in_transit(self, family: Family) -> tuple[list[str], list[str]]:
        """The ids of all events and messages there have been, and what of them has not come to its end."""
        entries = self.read(OPERATIONS, f"/trace/{family.reference}")["entries"]
        sent = [entry for entry in entries if entry["kind"] in IN_TRANSIT]
        moving = [
            f"{entry['code']} {hop.get('to', entry['lane'])} {hop['state']}"
            for entry in sent
            for hop in (entry, *entry["hops"])
            if hop["state"] in MOVING
        ]
        return [str(entry["id"]) for entry in sent], moving
