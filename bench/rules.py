"""Decisions per second, in one process: a family of two children against every agency, with receipts and their JSON.

Run it with `python -m bench.rules`.
"""

import json
import platform
from datetime import date
from time import perf_counter

from shared.directory import load_directory
from shared.rules import ChildFacts, Facts, Place

ROUNDS = 20_000
REPEATS = 3


def main() -> None:
    """Prints the best of three for the decision alone, with the receipt as plain data, and as JSON text."""
    directory = load_directory()
    received, releases = date(2026, 11, 21), {"postcodes": "2026-08", "schools": "2026-11-01"}
    facts = Facts(
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
    print(f"Python {platform.python_version()}, {platform.machine()}, {len(directory.agencies)} agencies, 2 children")
    best = {"decision": 0.0, "decision and receipt as data": 0.0, "decision and receipt as JSON text": 0.0}
    for _ in range(REPEATS):
        for name in best:
            started = perf_counter()
            for _ in range(ROUNDS):
                decisions = directory.assess(facts, received, releases)
                if name != "decision":
                    data = [decision.receipt.to_json() for decision in decisions]
                    if name.endswith("text"):
                        json.dumps(data)
            best[name] = max(best[name], ROUNDS / (perf_counter() - started))
    for name, rate in best.items():
        print(f"{name:36} {rate:9,.0f} referrals/s {1e6 / rate:7.1f} µs")
    text = json.dumps([decision.receipt.to_json() for decision in directory.assess(facts, received, releases)])
    print(f"{'both receipts as JSON text':36} {len(text):9,} bytes")


if __name__ == "__main__":
    main()
