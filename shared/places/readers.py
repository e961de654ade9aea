"""From the rows of each official file to what Waypost keeps of them: codes, names, postcodes, districts. Nothing else
(GIAS names heads, ODS gives telephone numbers) is read any further.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from shared.places.errors import CannotImport
from shared.places.grid import Grid
from shared.places.index import LIVE, TERMINATED
from shared.places.register import Entry
from shared.places.spelling import canonical
from shared.places.tables import POSTCODE_COLUMNS

_DISTRICT_COLUMN = re.compile(r"lad\d\dcd|oslaua|laua")
_NO_AUTHORITY = {"", "0", "000"}


def schools(rows: Iterable[Sequence[str]], name: str) -> Iterator[Entry]:
    """GIAS establishments, closed ones too: a child may still be known by the old number. Columns are found by name."""
    reader = iter(rows)
    header = _header(reader)
    urn, title, code, authority = (
        _column(header, wanted, name) for wanted in ("URN", "EstablishmentName", "LA (code)", "LA (name)")
    )
    status = _column(header, "EstablishmentStatus (name)", name)
    postcode = header.get("Postcode")
    for row in reader:
        if len(row) < len(header) or not row[urn].strip().isdigit():
            continue
        number = row[code].strip()
        yield Entry(
            code=row[urn].strip(),
            name=row[title].strip(),
            postcode=canonical(row[postcode]) if postcode is not None else None,
            authority=None if number in _NO_AUTHORITY or row[authority].strip() == "Does not apply" else number,
            open=not row[status].strip().lower().startswith("closed"),
        )


def practices(rows: Iterable[Sequence[str]]) -> Iterator[Entry]:
    """ODS epraccur: active (column 13 is A) GP practices (column 26 is 4)."""
    for row in rows:
        if len(row) == 27 and row[12] == "A" and row[25] == "4":
            yield Entry(row[0].strip(), row[1].strip(), canonical(row[9]), None, open=True)


def postcodes(rows: Iterable[Sequence[str]], name: str) -> Grid:
    """ONSPD or NSPL of any year. Raises CannotImport when it has no column of districts or of terminations."""
    reader = iter(rows)
    header = {key.lower(): number for key, number in _header(reader).items()}
    postcode = next(header[column] for column in POSTCODE_COLUMNS if column in header)
    districts = [number for key, number in header.items() if _DISTRICT_COLUMN.fullmatch(key)]
    if len(districts) != 1:
        raise CannotImport(
            f"{name} has {'no' if not districts else 'more than one'} column of districts. "
            "One such column is looked for: lad and a year (lad25cd), oslaua, or laua."
        )
    district = districts[0]
    terminated = _column(header, "doterm", name)
    grid = Grid()
    unfit = 0
    for row in filter(None, reader):
        fit = len(row) > max(postcode, district, terminated) and grid.put(
            row[postcode].upper(), row[district] or None, TERMINATED if row[terminated] else LIVE
        )
        unfit += not fit
    if unfit or not grid.sectors:
        raise CannotImport(f"{name}: {unfit} rows hold no postcode, or are cut short. Download it again.")
    return grid


def _header(rows: Iterator[Sequence[str]]) -> dict[str, int]:
    return {column.strip(): number for number, column in enumerate(next(rows))}


def _column(header: dict[str, int], wanted: str, name: str) -> int:
    if wanted not in header:
        raise CannotImport(f"{name} has no column {wanted}. It is needed; take the full official download.")
    return header[wanted]
