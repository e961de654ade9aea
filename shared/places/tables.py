"""Opens a downloaded file, plain or in a zip, and tells by what is in it which of the official files it is.

The name of the file plays no part. What is not recognised is refused with the list of what was looked for; the text
never shows what the file holds, since nobody knows what that is.
"""

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.places.errors import CannotImport
from shared.places.kinds import Kind
from shared.places.progress import Progress, no_progress

LOOKED_FOR = """Waypost reads, as CSV or as a zip that holds one such CSV:
- GIAS establishments (edubasealldata….csv): columns URN, EstablishmentName and LA (code);
- ODS GP practices (epraccur.csv): 27 columns, no header, an organisation code first;
- ONSPD or NSPL, whole or of one area: a column pcds, pcd or pcd7 beside lad…cd, oslaua or laua."""
POSTCODE_COLUMNS = ("pcds", "pcd", "pcd7")
_PRACTICE_CODE = re.compile(r"[A-Z][0-9A-Z]{4,7}")
_SAMPLE = 65536
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError)


@dataclass(frozen=True)
class Table:
    """One CSV file, or the one `member` of a zip that was recognised."""

    path: Path
    member: str | None
    kind: Kind

    @property
    def name(self) -> str:
        """The file's own name, without folders."""
        return Path(self.member or self.path.name).name

    def rows(self, progress: Progress = no_progress) -> Iterator[list[str]]:
        """Every row, the header included. Raises CannotImport where the text is cut off or is no CSV."""
        try:
            with _opened(self.path, self.member) as (binary, size):
                text = io.TextIOWrapper(binary, encoding=self._encoding(), errors="replace", newline="")
                for number, row in enumerate(csv.reader(text)):
                    if number % 4096 == 0:
                        progress(binary.tell(), size)
                    yield row
                progress(size, size)
        except (csv.Error, *_DAMAGE) as error:
            raise CannotImport(f"{self.name} is damaged ({type(error).__name__}). Download it again.") from None

    def _encoding(self) -> str:
        """UTF-8, or cp1252 where the text is not UTF-8. Of a postcode file only columns in ASCII are read."""
        if self.kind is Kind.POSTCODES:
            return "utf-8-sig"
        decoder = codecs.getincrementaldecoder("utf-8")()
        with _opened(self.path, self.member) as (binary, _):
            try:
                while chunk := binary.read(_SAMPLE):
                    decoder.decode(chunk)
            except UnicodeDecodeError:
                return "cp1252"
        return "utf-8-sig"


def recognise(path: Path) -> Table:
    """The table that a file is or holds. Raises CannotImport, also when a zip holds several."""
    try:
        if not zipfile.is_zipfile(path):
            members: list[str | None] = [None]
        else:
            with zipfile.ZipFile(path) as archive:
                members = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        found = [Table(path, member, kind) for member in members if (kind := _kind(path, member))]
    except OSError as error:
        raise CannotImport(f"{path} cannot be read: {error.strerror}.") from None
    except _DAMAGE:
        raise CannotImport(f"{path.name} is a damaged zip. Download it again.") from None
    except RuntimeError:
        raise CannotImport(f"{path.name} is a zip that needs a password or is packed in an unusual way.") from None
    # The ONS zips hold the whole country and, in a folder of its own, the same again by area.
    found = [table for table in found if "multi_csv" not in (table.member or "").lower()] or found
    if not found:
        raise CannotImport(f"{path.name} is of no kind that is known.\n{LOOKED_FOR}")
    if len(found) > 1:
        names = ", ".join(table.name for table in found[:5])
        raise CannotImport(f"{path.name} holds {len(found)} files that could be meant ({names}…). Import one of them.")
    return found[0]


def _kind(path: Path, member: str | None) -> Kind | None:
    with _opened(path, member) as (binary, _):
        sample = binary.read(_SAMPLE).decode("utf-8-sig", errors="replace")
    if "\0" in sample:
        return None
    rows = list(csv.reader(io.StringIO(sample, newline="")))[:2]
    if not rows:
        return None
    header = {name.strip() for name in rows[0]}
    if {"URN", "EstablishmentName"} <= header:
        return Kind.SCHOOLS
    if header & set(POSTCODE_COLUMNS):
        return Kind.POSTCODES
    # Exports can be had with a header line too, so the second row may be the first practice.
    if any(len(row) == 27 and _PRACTICE_CODE.fullmatch(row[0]) and row[12] in ("A", "C", "D", "P") for row in rows):
        return Kind.PRACTICES
    return None


@contextmanager
def _opened(path: Path, member: str | None) -> Iterator[tuple[IO[bytes], int]]:
    with ExitStack() as stack:
        if member is None:
            yield stack.enter_context(path.open("rb")), path.stat().st_size
        else:
            archive = stack.enter_context(zipfile.ZipFile(path))
            yield stack.enter_context(archive.open(member)), archive.getinfo(member).file_size
