"""The postcode index while it is being made: rows are put in, then it is written to disk in one go.

Starts empty, or from an index that is there, for a file that covers a part of the country.
"""

import json
import re
import sys
from array import array
from dataclasses import asdict, dataclass, field
from pathlib import Path

from shared.places.atomic import replacing
from shared.places.errors import CannotImport
from shared.places.index import CELLS, MAGIC, UNITS, Import, PostcodeIndex
from shared.places.kinds import FILES, Kind
from shared.places.spelling import area_of

_SECTOR = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9]|GIR0|NPT[0-9]")
_EMPTY = array("H", [0]) * CELLS
_MOST_DISTRICTS = 0xFFFF >> 2


@dataclass
class Grid:
    """Postcodes by sector; `layers` says for each area which releases it is made of, newest first."""

    sectors: dict[str, "array[int]"] = field(default_factory=dict)
    districts: dict[str, int] = field(default_factory=dict)
    layers: dict[str, list[str]] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)

    @classmethod
    def of(cls, index: PostcodeIndex) -> "Grid":
        """A copy of an index, to be added to."""
        return cls(
            {name: array("H", index.cells[start : start + CELLS]) for name, start in index.sectors.items()},
            {code: number for number, code in enumerate(index.districts) if code is not None},
            {area: list(layers) for area, layers in index.layers.items()},
            list(index.imports),
        )

    def put(self, postcode: str, district: str | None, status: int) -> bool:
        """Records one postcode, in capitals, spaced in any way. False: it is no postcode, nothing is recorded."""
        compacted = postcode.replace(" ", "")
        unit, sector = UNITS.get(compacted[-2:]), compacted[:-2]
        cells = self.sectors.get(sector)
        if cells is None:
            if unit is None or not _SECTOR.fullmatch(sector):
                return False
            cells = self.sectors[sector] = _EMPTY[:]
        elif unit is None:
            return False
        cells[unit] = (self._number(district) << 2 | status) if district else status
        return True

    def _number(self, district: str) -> int:
        number = self.districts.get(district)
        if number is None:
            number = self.districts[district] = len(self.districts) + 1
            if number > _MOST_DISTRICTS:
                raise CannotImport("The file names more districts than there can be: its district column is not one.")
        return number

    def rows_by_area(self) -> dict[str, int]:
        """How many postcodes each area holds."""
        rows: dict[str, int] = {}
        for sector, cells in self.sectors.items():
            area = area_of(sector)
            rows[area] = rows.get(area, 0) + CELLS - cells.count(0)
        return rows

    def lay_over(self, newer: "Grid") -> None:
        """Takes over every postcode of `newer`; those that it does not hold stay as they are."""
        numbers = [0, *(self._number(code) for code in newer.districts)]
        for sector, cells in newer.sectors.items():
            mine = self.sectors.setdefault(sector, _EMPTY[:])
            for unit, cell in enumerate(cells):
                if cell:
                    mine[unit] = numbers[cell >> 2] << 2 | cell & 3
        for area, layers in newer.layers.items():
            self.layers[area] = layers + [layer for layer in self.layers.get(area, []) if layer not in layers]
        again = {(item.release, item.file) for item in newer.imports}
        self.imports = [item for item in self.imports if (item.release, item.file) not in again] + newer.imports

    def mark(self, release: str, file: str, on: str) -> None:
        """Says where the postcodes put so far come from."""
        rows = self.rows_by_area()
        self.layers = {area: [release] for area in sorted(rows)}
        self.imports = [Import(release, file, sum(rows.values()), on, tuple(sorted(rows)))]

    def write(self, folder: Path) -> int:
        """Replaces the index of the folder; gives the number of postcodes in it."""
        sectors = sorted(self.sectors)
        rows = sum(self.rows_by_area().values())
        header = {
            "byteorder": sys.byteorder,
            "rows": rows,
            "districts": list(self.districts),
            "layers": self.layers,
            "imports": [asdict(item) for item in self.imports],
            "sectors": " ".join(sectors),
        }
        text = json.dumps(header).encode()
        opening = MAGIC + len(text).to_bytes(8, "little") + text
        with replacing(folder / FILES[Kind.POSTCODES]) as part, part.open("wb") as file:
            file.write(opening + b"\0" * (-len(opening) % 8))
            for sector in sectors:
                self.sectors[sector].tofile(file)
        return rows
