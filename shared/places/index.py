"""The compiled postcode index: one read-only file, mapped into memory, that knows every postcode of the United Kingdom.

A postcode is a sector (`KT11`) and two letters. Each sector has a cell for each pair of letters, so finding one is a
dictionary look-up and an offset: no search, and only the pages that are asked for are in memory. A cell is 16 bits:
0 for "does not exist", else the district's number times 4, plus one of LIVE, TERMINATED, NOT_RECORDED.
"""

import json
import mmap
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from shared.places.errors import PlacesNotBuilt

MAGIC = b"waypost postcodes 1\n"
LIVE, TERMINATED, NOT_RECORDED = 1, 2, 3
UNITS = {"".join(pair): number for number, pair in enumerate(product(ascii_uppercase, repeat=2))}
CELLS = len(UNITS)  # cells of one sector
HOW_TO_BUILD = "Build it with: waypost places build"


@dataclass(frozen=True)
class Import:
    """One postcode file that the index is made of. `areas`: the postcode areas it touched (`KT`)."""

    release: str
    file: str
    rows: int
    on: str
    areas: tuple[str, ...]


class PostcodeIndex:
    """Read-only. Raises PlacesNotBuilt when the file is missing, cut short, or of another format or machine."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                header = _read_header(file.read(len(MAGIC) + 8), file.read, path)
                start = -(-file.tell() // 8) * 8
                sectors = header["sectors"].split()
                if os.fstat(file.fileno()).st_size != start + len(sectors) * CELLS * 2:
                    raise PlacesNotBuilt(f"The postcode index {path} is damaged. {HOW_TO_BUILD}")
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise PlacesNotBuilt(f"There is no postcode index at {path}. {HOW_TO_BUILD}") from None
        self.cells = memoryview(mapped)[start:].cast("H")
        self.sectors: dict[str, int] = {sector: number * CELLS for number, sector in enumerate(sectors)}
        self.districts: list[str | None] = [None, *header["districts"]]
        self.layers: Mapping[str, list[str]] = header["layers"]
        self.imports = [Import(**{**item, "areas": tuple(item["areas"])}) for item in header["imports"]]
        self.rows: int = header["rows"]

    def cell(self, compacted: str) -> int:
        """The cell of `KT11AA`; 0 when there is no such postcode."""
        start = self.sectors.get(compacted[:-2])
        unit = UNITS.get(compacted[-2:])
        if start is None or unit is None:
            return 0
        return self.cells[start + unit]

    def release_of(self, area: str) -> str:
        """Which release says what is known of a postcode area, newest layer first."""
        return " over ".join(self.layers[area])

    @property
    def release(self) -> str:
        """The releases of the whole index in one line: the one of most areas, then the areas that differ."""
        groups: dict[str, list[str]] = {}
        for area in self.layers:
            groups.setdefault(self.release_of(area), []).append(area)
        first, *others = sorted(groups, key=lambda release: -len(groups[release]))
        return "; ".join([first, *(f"{', '.join(sorted(groups[release]))}: {release}" for release in others)])


def _read_header(opening: bytes, read: Any, path: Path) -> dict[str, Any]:
    if not opening.startswith(MAGIC):
        raise PlacesNotBuilt(f"{path} is not a postcode index of this version of Waypost. {HOW_TO_BUILD} --again")
    try:
        header: dict[str, Any] = json.loads(read(int.from_bytes(opening[len(MAGIC) :], "little")))
    except ValueError:
        raise PlacesNotBuilt(f"The postcode index {path} is damaged. {HOW_TO_BUILD} --again") from None
    if header["byteorder"] != sys.byteorder:
        raise PlacesNotBuilt(f"The postcode index {path} was built on another kind of machine. {HOW_TO_BUILD} --again")
    return header
