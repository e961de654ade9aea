"""A trace in words: each entry as a row of a table, each wait as a sentence. Pure, but for the catalogue."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.operations.trace_entry import SERVICES, agency_of
from services.operations.web.telling import age
from shared.clock import LONDON
from shared.web.catalogue import Catalogue
from shared.web.formats import joined, plural

Json = Mapping[str, Any]
_SECTIONS = {
    "event": "trace-events",
    "told": "trace-events",
    "failure": "trace-events",
    "message": "trace-messages",
    "look": "trace-looks",
    "move": "trace-moves",
    "late": "owed",
    "act": "audit-actions",
    "ruling": "audit-actions",
}
PAGES = {
    "parked": "/parked/<desk>/messages/<event_id>",
    "review": "/reviews/<referral_id>",
    "paused": "/pauses",
    "message-failed": "/undelivered",
    "message-delayed": "/undelivered?status=pending",
}
"""Where a wait is put right, as pages are declared; a page may not be there yet."""
_OURSELVES = ("waypost", "notifications")
LONG_SECONDS = 60.0
_ARGUMENT = re.compile("<([a-z_]+)>")
_IN_SENTENCES = ("agency", "by", "task_id", "parts", "agencies", "outcomes", "directory", "template", "audience")


@dataclass(frozen=True)
class Step:
    """A hop in words; `tag` is None where all went as it should."""

    text: str
    tag: str | None
    state: str


@dataclass(frozen=True)
class Row:
    """An entry in words. `took` is empty where nothing took its time; `waited` is a long time since the entry before."""

    at: datetime
    day: str
    time: str
    lane: str
    title: str
    about: str
    took: str
    tag: str | None
    state: str
    steps: list[Step]
    waited: str


@dataclass(frozen=True)
class Waiting:
    """What the referral waits for, and where it is put right: the path, and the page's own as it is declared."""

    code: str
    text: str
    path: str | None
    page: str


class Telling:
    """For one trace: `names` are the agencies' by id."""

    def __init__(self, catalogue: Catalogue, trace: Json) -> None:
        self._catalogue = catalogue
        self._trace = trace
        self._names: Mapping[str, str] = trace["agencies"]

    def lane(self, lane: str) -> str:
        agency = agency_of(lane)
        return self._names.get(agency, agency) if agency else self._catalogue.word("services", lane)

    def rows(self, first: int, most: int) -> list[Row]:
        """So many entries from a place on."""
        shown = self._trace["entries"][first : first + most]
        return [self._row(entry, before) for before, entry in zip([None, *shown], shown, strict=False)]

    def _row(self, entry: Json, before: Json | None) -> Row:
        passed = (entry["at"] - before["at"]).total_seconds() if before else 0.0
        local = entry["at"].astimezone(LONDON)
        return Row(
            at=entry["at"],
            day=f"{local.day} {local:%B %Y}",
            time=f"{local:%H:%M:%S}.{local.microsecond // 1000:03}",
            lane=self.lane(entry["lane"]),
            title=self._title(entry),
            about="; ".join(self._about(entry)),
            took=span(entry["seconds"]) if entry["kind"] in ("event", "told", "message") else "",
            tag=self._tag(entry["state"]),
            state=entry["state"],
            steps=[self._step(hop) for hop in entry["hops"]],
            waited=age(passed).capitalize() if passed >= LONG_SECONDS else "",
        )

    def waits(self) -> list[Waiting]:
        return [self._wait(wait) for wait in self._trace["waits"]]

    def _title(self, entry: Json) -> str:
        kind, code = entry["kind"], entry["code"]
        if kind == "look" and entry["about"]["by"] == "notifications":
            told, section = "address", "trace-messages"
        else:
            told, section = kind, _SECTIONS.get(kind, "")
        text = self._word(section, f"review.{code}" if kind == "ruling" else code)
        return self._catalogue.word("trace-kinds", told).format(what=text)

    def _about(self, entry: Json) -> Iterator[str]:
        about = entry["about"]
        if about.get("agency") and agency_of(entry["lane"]) != about["agency"]:
            yield self._name(about["agency"])
        if about.get("agencies"):
            yield "agreed for " + joined([self._name(each) for each in about["agencies"]])
        for agency, outcome in about.get("outcomes", {}).items():
            yield f"{self._name(agency)}: {outcome.replace('-', ' ')}"
        if about.get("audience") and not about.get("agency"):
            yield f"to the {about['audience']}"
        if about.get("parts"):
            yield joined([self._word("trace-parts", part) for part in about["parts"]])
        for name, value in about.items():
            if name not in _IN_SENTENCES:
                yield str(value) if name == "channel" else self._word("problems-of-messages", str(value))
        if about.get("by") not in (None, *_OURSELVES):
            yield f"by {about['by']}"

    def _step(self, hop: Json) -> Step:
        where = self._catalogue.word("services" if hop["to"] in SERVICES else "trace-ways", hop["to"])
        told = [f"{where} {span(hop['seconds'])}" if hop["seconds"] is not None else where]
        if (hop["attempts"] or 1) > 1:
            told.append(plural(hop["attempts"], "attempt"))
        if hop["error"]:
            told.append(hop["error"] + (f" at {hop['place']}" if hop["place"] else ""))
        return Step(", ".join(told), self._tag(hop["state"]), hop["state"])

    def _wait(self, wait: Json) -> Waiting:
        filled = {
            "where": self.lane(wait["lane"]),
            "what": self._what(wait),
            "age": age(wait["seconds"]),
            "error": wait["error"] or "",
        }
        text = self._catalogue.word("trace-waits", wait["code"]).format_map(filled)
        page = PAGES.get(wait["code"], "")
        places = {"desk": wait["lane"], "event_id": wait["id"] or "", "referral_id": self._trace["referral_id"]}
        path = _ARGUMENT.sub(lambda found: quote(places[found[1]], safe=""), page)
        return Waiting(wait["code"], text, path or None, page)

    def _what(self, wait: Json) -> str:
        if wait["code"].startswith("message-"):
            return self._word("trace-messages", wait["what"])
        return self._word("review-reasons" if wait["code"] == "review" else "trace-events", wait["what"] or "")

    def _tag(self, state: str) -> str | None:
        return self._catalogue.section("trace-states").get(state)

    def _name(self, agency: str) -> str:
        return self._names.get(agency, agency)

    def _word(self, section: str, code: str) -> str:
        """A code in words; one that nobody has named, as a person would read it."""
        return self._catalogue.section(section).get(code) or code.replace("-", " ").replace(".", " ")


def span(seconds: float) -> str:
    """How long a step took: 12 ms, 1.4 s, 3 min 20 s, 2 d 4 h."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for size, unit, small, next_unit in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {next_unit}" if rest else "")
    return f"{whole} s"
