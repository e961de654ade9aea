"""What places cost: seconds to build the index, its size, time of a look-up, memory that it adds to a process.

`python -m bench.places`. Looks up postcodes drawn at random from the whole United Kingdom, as people type them.
"""

import random
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from shared.places.build import build
from shared.places.index import CELLS, UNITS, PostcodeIndex
from shared.places.kinds import FILES, Kind
from shared.places.places import Places

LOOK_UPS = 100_000


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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        rows = build(folder)
        print(f"built: {rows:,} postcodes in {time.perf_counter() - begun:.1f} s")
        file = folder / FILES[Kind.POSTCODES]
        print(f"on disk: {file.stat().st_size / 1e6:.1f} MB")
        asked = some_postcodes(file, LOOK_UPS)

        # A process of its own, since what building has left free would hide what opening takes.
        with get_context("spawn").Pool(1) as fresh:
            print("\n".join(fresh.apply(look_up, (folder, asked))))


def look_up(folder: Path, asked: list[str]) -> list[str]:
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
    return [
        f"opened: in {opened * 1e3:.1f} ms",
        f"memory added: {first:.1f} MB",
        f"look-up: {each * 1e6:.2f} µs",
        f"memory added after {len(asked):,} look-ups all over the country (the whole file, mapped): "
        f"{resident() - before:.1f} MB",
    ]


if __name__ == "__main__":
    main()
