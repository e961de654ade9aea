"""`waypost places import`: one official file in, the folder's data replaced or added to, all of it or nothing.

Schools and practices: the file replaces what was there. Postcodes: a file that covers the country (nine in ten of all
known postcodes, and of those of every area with more than a hundred) replaces the index; any other is laid over it, so
that its postcodes win and those that it does not hold stay. A postcode that exists is never lost to a file of one area.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.places import readers
from shared.places.atomic import only_writer
from shared.places.errors import CannotImport
from shared.places.grid import Grid
from shared.places.index import PostcodeIndex
from shared.places.kinds import FILES, Kind
from shared.places.progress import Progress, no_progress
from shared.places.register import About, Entry, Register, write_register
from shared.places.tables import Table, recognise

_PUBLISHED_AS = {Kind.SCHOOLS: "GIAS", Kind.PRACTICES: "epraccur", Kind.POSTCODES: "postcodes"}
_NAMED_RELEASE = re.compile(r"(?:ONSPD|NSPL)_[A-Z]{3}_20\d\d|edubasealldata20\d{6}")
_DATED = re.compile(r"20\d\d-[01]\d-[0-3]\d|(?<!\d)20\d\d[01]\d[0-3]\d(?!\d)")
_SMALL_AREA = 100
_COVERED = 0.9


@dataclass(frozen=True)
class Imported:
    """What an import did. `rows`: entries kept, or postcodes in the file; `total`: postcodes in the index after it."""

    kind: Kind
    release: str
    rows: int
    total: int
    replaced: bool


def import_file(
    path: Path,
    folder: Path,
    progress: Progress = no_progress,
    *,
    expected: Kind | None = None,
    release: str | None = None,
    on: date | None = None,
) -> Imported:
    """Imports a file of any known kind into the folder. `release`: how to call it where the file's name does not say.

    Raises CannotImport (also when it is not of the `expected` kind), PlacesBusy, PlacesNotBuilt; then nothing changes.
    """
    table = recognise(path)
    if expected not in (None, table.kind):
        raise CannotImport(f"{table.name} holds {table.kind}, where {expected} were to be.")
    day = (on or date.today()).isoformat()
    called = release_of(table, release or f"{_digest(path)} imported {day}")
    with only_writer(folder):
        if table.kind is Kind.POSTCODES:
            return _import_postcodes(table, folder, called, day, progress)
        return _import_register(table, folder, About(called, table.name, day), progress)


def holds(folder: Path, kind: Kind, release: str) -> bool:
    """Whether what was imported as this release is still part of the folder's data."""
    path = folder / FILES[kind]
    if not path.exists():
        return False
    if kind is Kind.POSTCODES:
        return any(item.release == release for item in PostcodeIndex(path).imports)
    return Register(path).about.release == release


def release_of(table: Table, otherwise: str) -> str:
    """What the file's name, or its zip's, tells: `NSPL_NOV_2021`, `edubasealldata20260201`, `epraccur 2025-08-18`."""
    for name in (table.name, table.path.name):
        if match := _NAMED_RELEASE.search(name):
            return match.group()
        if match := _DATED.search(name):
            return f"{_PUBLISHED_AS[table.kind]} {match.group()}"
    return f"{_PUBLISHED_AS[table.kind]} {otherwise}"


def _import_register(table: Table, folder: Path, about: About, progress: Progress) -> Imported:
    rows = table.rows(progress)
    entries = readers.schools(rows, table.name) if table.kind is Kind.SCHOOLS else readers.practices(rows)
    # Looked at before the register is written: an empty one would make every school unknown.
    kept: list[Entry] = list(entries)
    if not kept:
        raise CannotImport(f"{table.name} holds no {table.kind} that could be used. Nothing was changed.")
    count = write_register(folder / FILES[table.kind], kept, about)
    return Imported(table.kind, about.release, count, count, replaced=True)


def _import_postcodes(table: Table, folder: Path, release: str, day: str, progress: Progress) -> Imported:
    index = PostcodeIndex(folder / FILES[Kind.POSTCODES])
    newer = readers.postcodes(table.rows(progress), table.name)
    newer.mark(release, table.name, day)
    known = Grid.of(index)
    replaced = _covers(newer.rows_by_area(), known.rows_by_area())
    rows = newer.imports[0].rows
    if not replaced:
        known.lay_over(newer)
    total = (newer if replaced else known).write(folder)
    return Imported(Kind.POSTCODES, release, rows, total, replaced)


def _covers(found: dict[str, int], known: dict[str, int]) -> bool:
    if sum(found.values()) < _COVERED * sum(known.values()):
        return False
    return all(found.get(area, 0) >= _COVERED * rows for area, rows in known.items() if rows > _SMALL_AREA)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
