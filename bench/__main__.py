"""`python -m bench [--quick] [name…]`: measures, prints, and writes what was measured to docs/benchmarks.md.

Names: see MEASURES. Without names all are measured but `memory`, which takes an hour by itself; the others take about forty
minutes. `--quick` shows that each works, in less than a minute each, with figures that mean little and are not written down.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from os import getloadavg
from pathlib import Path

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

from bench import (  # noqa: E402
    backlog,
    default,
    events,
    growth,
    intake,
    intake_peers,
    latency,
    memory,
    pages,
    parked,
    pipeline,
    places,
    poller,
    rule_libraries,
    rules,
    webhooks,
    why,
)
from bench.machine import ROOT, described, sync_speed  # noqa: E402
from bench.page import last_line, renewed  # noqa: E402
from bench.report import Table  # noqa: E402
from bench.systems import Servers, servers  # noqa: E402

REPORT = ROOT / "docs" / "benchmarks.md"

Measure = Callable[[Servers, bool], list[Table]]
MEASURES: dict[str, Measure] = {
    "intake": lambda on, quick: intake.measure(on, 1 if quick else 11, 2 if quick else 5),
    "intake-peers": lambda on, quick: intake_peers.measure(on, 1 if quick else 5, 2 if quick else 5),
    "latency": lambda on, quick: latency.measure(on, 1 if quick else 3, 2 if quick else 12),
    "why": lambda on, quick: why.measure(on, 2 if quick else 10),
    "events": lambda on, quick: events.measure(on, 1 if quick else 2, 600 if quick else 3000),
    "pipeline": lambda on, quick: pipeline.measure(on, 1 if quick else 2, 300 if quick else 3000),
    "relay": lambda on, quick: poller.measure(on, 1 if quick else 5, 500 if quick else 3000),
    "default": lambda on, quick: default.measure(on, 1 if quick else 3, 2 if quick else 15),
    "webhooks": lambda on, quick: [webhooks.apart(on.folder, 1 if quick else 2)],
    "places": lambda on, quick: places.measure(),
    "rules": lambda on, quick: [
        *rules.measure(),
        rule_libraries.measure(on.folder, 1 if quick else 3, 200 if quick else 1000),
    ],
    "growth": lambda on, quick: growth.measure(on, 1 if quick else 3, 2 if quick else 5, 3_000 if quick else 1_000_000),
    "backlog": lambda on, quick: (
        backlog.measure(on, 200, 1_000, 500) if quick else backlog.measure(on, 5_000, 100_000, 10_000)
    ),
    "memory": lambda on, quick: memory.measure(on, 12 if quick else 3600),
    "parked": lambda on, quick: parked.measure(on, 20_000 if quick else 1_000_000),
    "pages": lambda on, quick: pages.measure(on, 2_000 if quick else 100_000),
}

BY_NAME = ("memory",)
"""Measured only when it is named: it takes an hour, in which little else can be measured."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Waypost beside its floors and peers.")
    parser.add_argument(
        "names",
        nargs="*",
        help=f"what to measure: {', '.join(MEASURES)}; all but {', '.join(BY_NAME)} (an hour) when none is named",
    )
    parser.add_argument("--quick", action="store_true", help="show that everything runs; the figures mean little")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(MEASURES):
        parser.error(f"there is no {unknown.pop()!r}; there are {', '.join(MEASURES)}")
    folder = Path(tempfile.mkdtemp(prefix="waypost-bench-"))
    # PostgreSQL, which root starts as another user, must be able to reach its own folder inside.
    folder.chmod(0o711)
    try:
        facts = described() | {"disk": sync_speed(folder)}
        machine = "\n".join(["## The machine", "", *(f"- {name}: {value}" for name, value in facts.items()), ""])
        print(machine)
        names = asked.names or [name for name in MEASURES if asked.quick or name not in BY_NAME]
        broken = run(names, asked.quick, folder, machine, str(facts["revision"]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not asked.quick:
        print(f"Written to {REPORT.relative_to(ROOT)}.")
    if broken:
        sys.exit(f"Not measured, for an error above: {', '.join(broken)}")


def run(names: list[str], quick: bool, folder: Path, machine: str, revision: str) -> list[str]:
    """Measures, prints each table as it comes and writes down what was measured in full; answers the names that failed."""
    broken = []
    with servers(folder) as on:
        for name in names:
            before, begun = getloadavg()[0], time.monotonic()
            try:
                tables = MEASURES[name](on, quick)
            except Exception:
                # An hour of other figures is not given up for one.
                traceback.print_exc()
                broken.append(name)
                continue
            loads = before, getloadavg()[0]
            parts = [replace(table, loads=loads).markdown() for table in tables]
            seconds = time.monotonic() - begun
            parts.append(last_line(name, f"{datetime.now(UTC):%Y-%m-%d %H:%M}", revision, seconds))
            text = "\n".join(parts)
            print(text, flush=True)
            if not quick:
                REPORT.write_text(renewed(REPORT.read_text(), machine, {name: text}, list(MEASURES)))
    return broken


if __name__ == "__main__":
    main()
