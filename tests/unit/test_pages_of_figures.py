"""docs/benchmarks.md and docs/reliability.md are renewed part by part, in any clone, and lose nothing by it."""

from pathlib import Path

from bench.page import last_line, parts_of, renewed
from tests.faults.long.results import last_of_each

DOCS = Path(__file__).parents[2] / "docs"
MACHINE = "## The machine\n\n- processor: 2 cores\n"


def part(name: str, figure: str) -> str:
    """Two tables, and a line that begins like the last one of a part."""
    table = f"## What {name} takes\n\n`{name}`, twice.\n\n| 1 | {figure} |\n\n"
    return table + table + last_line(name, "2026-11-22 10:34", "0123abc-dirty", 3626.4)


def test_a_part_that_is_measured_again_takes_its_place_and_the_others_stay() -> None:
    names = ["intake", "intake-peers", "relay", "memory"]
    page = renewed("", MACHINE, {"relay": part("relay", "3 ms"), "intake": part("intake", "1 ms")}, names)
    again = renewed(page, MACHINE.replace("2", "4"), {"intake-peers": part("intake-peers", "2 ms")}, names)
    assert parts_of(again) == {
        "intake": part("intake", "1 ms"),
        "intake-peers": part("intake-peers", "2 ms"),
        "relay": part("relay", "3 ms"),
    }
    assert again.count("# Benchmarks\n") == again.count("## The machine\n") == 1
    assert "4 cores" in again
    assert "2 cores" not in again
    assert again.endswith("Never measured: `memory`.\n")
    assert "Never" not in renewed(again, MACHINE, {"memory": part("memory", "4 ms")}, names)


def test_the_benchmarks_page_has_every_part() -> None:
    page = (DOCS / "benchmarks.md").read_text()
    assert parts_of(page)
    assert "Never measured" not in page


def test_the_reliability_page_is_of_the_results_that_lie_beside_it() -> None:
    page, results = (DOCS / "reliability.md").read_text(), last_of_each()
    assert f" of {len(results)} faults passed" in page
    for name, result in results.items():
        assert f"| {name} | {result.row.seed} |" in page
