"""Concerns in words: what is wrong, what that means for families, what to do, and where. Pure, but for the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.operations.web.runbook import WHAT_IS_WRONG
from shared.web.catalogue import Catalogue
from shared.web.formats import plural

PATHS = {
    "parked": "/parked?service={service}",
    "tasks-overdue": "/owed",
    "recalls-unacknowledged": "/owed#recalls",
    "messages-failed": "/undelivered",
    "messages-delayed": "/undelivered?status=pending",
    "reviews-waiting": "/reviews",
    "paused": "/pauses",
}
"""Where a concern is put right, or seen more closely; the others are put right outside of these pages, by the runbook."""
SECTIONS = {"broker-alarm": "alarms", "disk-full": "disks", "disk-filling": "disks"}
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SHORT = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Told:
    """One concern as a page shows it; `path`, None where there is none, is the page about it, `runbook` the steps."""

    code: str
    level: str
    title: str
    meaning: str
    remedy: str
    path: str | None
    runbook: str


def told(
    concern: Mapping[str, Any],
    catalogue: Catalogue,
    agencies: Mapping[str, str],
    people: Mapping[str, str] | None = None,
) -> Told:
    """A concern of the overview in words; `agencies` are names by id, `people` by the id that the audit has of them."""
    code, service = concern["code"], concern["service"] or ""
    count = concern["count"] or 0
    filled = {
        "service": catalogue.section("services").get(service, service),
        "agency": agencies.get(concern["agency"] or "", concern["agency"] or ""),
        "age": age(concern["seconds"] or 0.0),
        "detail": _detail(concern, catalogue),
        "free": size(count),
        "by": (people or {}).get(concern["by"] or "", concern["by"] or ""),
        "why": concern["why"] or "",
        "waiting": f"{plural(count, 'message')} {'waits' if count == 1 else 'wait'}" if count else "Nothing waits",
        "messages": plural(count, "message"),
        "events": plural(count, "message"),
        "referrals": f"{plural(count, 'referral')} {'has' if count == 1 else 'have'}",
        "answers": plural(count, "answer"),
        "recalls": f"{plural(count, 'recall')} {'is' if count == 1 else 'are'}",
    }
    if code == "paused":
        filled["thing"] = catalogue.word("paused-things", concern["detail"]).format_map(filled)
    meanings = catalogue.section("meanings")
    return Told(
        code,
        concern["level"],
        catalogue.word("concerns", code).format_map(filled),
        meanings.get(f"{code}.{service}", meanings[code]).format_map(filled),
        catalogue.word("remedies", code),
        PATHS[code].format(service=service) if code in PATHS else None,
        WHAT_IS_WRONG + code,
    )


def size(count: int) -> str:
    """Bytes for people: 700 MB, 4.8 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count // 1_000_000} MB"


def age(seconds: float) -> str:
    """How long, for people: 12 seconds, 3 minutes, 2 days."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return plural(int(seconds // size), unit)


def short_age(seconds: float | None) -> str:
    """The same for tables: 12 s, 3 min, 2 d; nothing where there is none."""
    if seconds is None:
        return ""
    size, unit = next(((size, unit) for size, unit in _SHORT if seconds >= size), _SHORT[-1])
    return f"{int(seconds // size)} {unit}"


def _detail(concern: Mapping[str, Any], catalogue: Catalogue) -> str:
    """A code as a sentence where there is one, else the code."""
    code = concern["detail"] or ""
    section = SECTIONS.get(concern["code"], "problems-of-messages")
    return catalogue.section(section).get(code, code.replace("-", " ") or "no answer")
