"""What the rest of Waypost asks about places. A postcode that does not exist, one that has no district, and a school or
practice that is not known are three answers of their own: none is ever taken for "elsewhere".

Opened once; when an import replaces a file, the next question after at most five seconds sees the new one.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from shared.places.index import NOT_RECORDED, TERMINATED, PostcodeIndex
from shared.places.kinds import FILES, REGISTERS, Kind
from shared.places.names import district_of_authority, place_name, place_of_authority
from shared.places.register import Entry, Register
from shared.places.spelling import area_of, compact, mended

LOOK_EVERY = 5.0  # seconds between looks at whether a file was replaced

Source = Literal["urn", "ods", "postcode", "not-given", "not-found", "no-district"]
_Files = tuple[tuple[int, int, int] | None, ...]


class Postcode(NamedTuple):
    """A postcode that exists. A tuple and no dataclass: one is made at every look-up, and a tuple is made faster.

    `text`: `KT1 1AA`. `district`: ONS code, None where ONS knows none. `terminated`: known to be out of use;
    `recorded`: whether the data says so at all (the packaged directory does not, an imported ONSPD or NSPL does).
    """

    text: str
    district: str | None
    terminated: bool
    recorded: bool


@dataclass(frozen=True)
class Found:
    """Where a school or a practice belongs.

    `place`: an ONS district, or `gias:936` for a school whose authority is a county; None: unknown, `source` says why.
    `source`: what decided (`urn`, `ods`, `postcode`), or `not-given`, `not-found`, `no-district`.
    `code`: the URN or ODS code, when it decided; `name` is its name then.
    `authority`: the GIAS code, when the URN decided. `district`: the ONS district, where there is exactly one.
    """

    place: str | None
    source: Source
    code: str | None = None
    name: str | None = None
    authority: str | None = None
    district: str | None = None

    @property
    def known(self) -> bool:
        return self.place is not None


class Places:
    """Postcodes, schools and practices of one folder. `open` raises PlacesNotBuilt when there is no postcode index."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._read(self._stamp())

    @classmethod
    def open(cls, folder: Path) -> "Places":
        return cls(folder)

    def postcode(self, text: str) -> Postcode | None:
        """Any spacing and case, and O for 0 or I for 1 where only one can stand. None: there is no such postcode."""
        if self._clock() >= self._look_at:
            self._look()
        compacted = text.replace(" ", "").upper()
        cell = self._cell(compacted)
        if not cell:
            compacted = mended(compact(text))
            cell = self._cell(compacted)
            if not cell:
                return None
        status = cell & 3
        return Postcode(
            f"{compacted[:-3]} {compacted[-3:]}",
            self._districts[cell >> 2],
            status == TERMINATED,
            status != NOT_RECORDED,
        )

    def school(self, urn: str | None, postcode: str | None) -> Found:
        """The authority that GIAS gives for the URN; where it is not known, the district of the school's postcode."""
        entry = self.entry(Kind.SCHOOLS, urn)
        if entry and entry.authority:
            place = place_of_authority(entry.authority)
            district = district_of_authority(entry.authority)
            return Found(place, "urn", entry.code, entry.name, entry.authority, district)
        return self._by_postcode(postcode, given=bool(urn))

    def practice(self, ods_code: str | None, postcode: str | None) -> Found:
        """The district of the practice's postcode: the one that ODS gives for the code, else the one that was given."""
        entry = self.entry(Kind.PRACTICES, ods_code)
        if entry and entry.postcode:
            found = self.postcode(entry.postcode)
            if found and found.district:
                return Found(found.district, "ods", entry.code, entry.name, district=found.district)
        return self._by_postcode(postcode, given=bool(ods_code))

    def search_schools(self, text: str, limit: int = 10) -> list[Entry]:
        """Schools by the beginnings of the words of their names, open ones first; none before an import."""
        return self._search(Kind.SCHOOLS, text, limit)

    def search_practices(self, text: str, limit: int = 10) -> list[Entry]:
        """Practices, likewise."""
        return self._search(Kind.PRACTICES, text, limit)

    def district_name(self, code: str) -> str | None:
        """The name of a district, or of `gias:936`; None for a code that is not listed."""
        return place_name(code)

    def release_of(self, postcode: Postcode) -> str:
        """Which release says what is known of this postcode."""
        return self._index.release_of(area_of(postcode.text))

    @property
    def releases(self) -> dict[str, str]:
        """Data set (`postcodes`, `schools`, `practices`) to release; what was not imported is not there."""
        if self._clock() >= self._look_at:
            self._look()
        return {"postcodes": self._index.release} | {
            str(kind): register.about.release for kind, register in self._registers.items()
        }

    def entry(self, kind: Kind, code: str | None) -> Entry | None:
        """The school of a URN, or the practice of an ODS code; None for one that is not in what was imported."""
        if self._clock() >= self._look_at:
            self._look()
        register = self._registers.get(kind)
        return register.entry(code.strip().upper()) if register and code else None

    def _search(self, kind: Kind, text: str, limit: int) -> list[Entry]:
        if self._clock() >= self._look_at:
            self._look()
        register = self._registers.get(kind)
        return register.search(text, limit) if register else []

    def _by_postcode(self, text: str | None, given: bool) -> Found:
        if not text:
            return Found(None, "not-found" if given else "not-given")
        postcode = self.postcode(text)
        if postcode is None:
            return Found(None, "not-found")
        if postcode.district is None:
            return Found(None, "no-district")
        return Found(postcode.district, "postcode", district=postcode.district)

    def _look(self) -> None:
        """Reads the files anew if one was replaced; while the index is gone, what was read before goes on serving."""
        stamp = self._stamp()
        if stamp != self._read_stamp and stamp[0] is not None:
            self._read(stamp)
        self._look_at = self._clock() + LOOK_EVERY

    def _read(self, stamp: _Files) -> None:
        self._index = PostcodeIndex(self._folder / FILES[Kind.POSTCODES])
        self._cell, self._districts = self._index.cell, self._index.districts
        self._registers = {
            kind: Register(self._folder / FILES[kind]) for kind in REGISTERS if (self._folder / FILES[kind]).exists()
        }
        self._read_stamp = stamp
        self._look_at = self._clock() + LOOK_EVERY

    def _stamp(self) -> _Files:
        return tuple(_file_stamp(self._folder / name) for name in FILES.values())


def _file_stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
