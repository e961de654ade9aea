"""The workload as its page shows it: the API's answer, with pictures and the words for them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.routing.web import charts
from services.routing.web.staff import Staff
from shared.web import formats
from shared.web.catalogue import Catalogue

OUTCOMES = ("accepted", "rejected", "completed", "failed")
DURATIONS = ("days_to_decide", "days_to_start")


def pictured(load: Mapping[str, Any], staff: Staff, catalogue: Catalogue) -> dict[str, Any]:
    """`load` is the answer of `/v1/workload`."""
    word = catalogue.word
    states = [(word("task-states", each["state"]), each["tasks"]) for each in load["states"]]
    waiting = [(_span(each["from_days"], each["to_days"]), each["tasks"]) for each in load["waiting"]]
    months = [{**each, "name": _month(each["month"]), "short": _month(each["month"])[:3]} for each in load["months"]]
    outcomes = [(each["short"], [each[kind] for kind in OUTCOMES]) for each in months]
    durations = [(each["short"], [each[kind] for kind in DURATIONS]) for each in months]
    return {
        "load": load,
        "workers": [{**each, "name": _who(each, staff)} for each in load["workers"]],
        "states": _with_bars(states),
        "waiting": _with_bars(waiting),
        "months": months,
        "outcomes": charts.columns(outcomes),
        "durations": charts.lines(durations),
        "kinds": OUTCOMES,
        "spans": DURATIONS,
    }


def _with_bars(rows: list[tuple[str, int]]) -> list[tuple[str, int, float]]:
    lengths = charts.shares([value for _, value in rows])
    return [(label, value, length) for (label, value), length in zip(rows, lengths, strict=True)]


def _who(row: Mapping[str, Any], staff: Staff) -> str:
    if row["worker_id"] is None:
        return "Nobody yet"
    return staff.name(row["worker"]) or "Somebody"


def _span(low: int, high: int | None) -> str:
    return f"{low} days or more" if high is None else f"{low} to {high} days"


def _month(text: str) -> str:
    """`2026-11` as November 2026."""
    return formats.spoken(date.fromisoformat(f"{text}-01")).partition(" ")[2]
