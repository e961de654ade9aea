"""Decisions per second, in one process: a family of two children against every agency, with receipts and their JSON."""

from collections.abc import Callable
from datetime import date
from time import perf_counter
from typing import Any

import orjson

from bench.report import Figure, Table
from shared.directory import load_directory
from shared.rules import ChildFacts, Facts, Place

DECISIONS = 2_000
ROUNDS = 5

FACTS = Facts(
    kind="family-support",
    referrer_type="school",
    relationship="parent",
    stage="sentenced",
    home=Place("E08000012", "postcode"),
    children=(
        ChildFacts("c1", 4, Place("E08000012", "urn"), Place("E08000012", "ods")),
        ChildFacts("c2", 9, Place("E08000015", "urn"), Place(None, "not-given")),
    ),
)


def measure() -> list[Table]:
    """The decision alone, with its receipt as plain data, and as JSON text."""
    directory = load_directory()
    received, releases = date(2026, 11, 21), {"postcodes": "2026-08", "schools": "2026-11-01"}

    def decide() -> Any:
        return directory.assess(FACTS, received, releases)

    def receipts() -> Any:
        return [decision.receipt.to_json() for decision in decide()]

    how = f"A family of two children against {len(directory.agencies)} agencies, one process, {DECISIONS:,} families a round."
    work: dict[str, Callable[[], Any]] = {
        "decisions": decide,
        "decisions, and receipts as data": receipts,
        "decisions, and receipts as JSON text": lambda: orjson.dumps(receipts()),
    }
    rates: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, each in work.items():
            begun = perf_counter()
            for _ in range(DECISIONS):
                each()
            rates[name].append(DECISIONS / (perf_counter() - begun))
    return [Table("Rules", how, [Figure(name, found, "families/s") for name, found in rates.items()])]
