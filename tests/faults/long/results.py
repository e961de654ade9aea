"""What came of each row the last time that it was run, kept beside the page, so that one is run again alone in any clone."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.machine import ROOT
from tests.faults.long.driver import Row

KEPT = ROOT / "docs" / "reliability.json"


@dataclass(frozen=True)
class Result:
    """A row, and when and of which revision it is."""

    row: Row
    date: str
    revision: str


def keep(result: Result, path: Path = KEPT) -> None:
    found = _read(path) | {result.row.name: asdict(result)}
    path.parent.mkdir(exist_ok=True)
    half = path.with_suffix(".new")
    half.write_text(json.dumps(found, indent=1))
    half.replace(path)


def last_of_each(path: Path = KEPT) -> dict[str, Result]:
    """By the row's name."""
    return {name: Result(Row(**each["row"]), each["date"], each["revision"]) for name, each in _read(path).items()}


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return found
