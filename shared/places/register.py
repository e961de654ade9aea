"""A register of schools or of GP practices: one SQLite file, written once and only read after that.

Found by code; found by the beginnings of the words of a name, for a page that offers names while somebody types.
"""

import re
import sqlite3
import weakref
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shared.places.atomic import replacing

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE entries (code TEXT PRIMARY KEY, name TEXT NOT NULL, postcode TEXT, authority TEXT, open INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE words (word TEXT, code TEXT, PRIMARY KEY (word, code)) WITHOUT ROWID;
CREATE TABLE about (release TEXT NOT NULL, file TEXT NOT NULL, imported_on TEXT NOT NULL);
"""
_COLUMNS = "code, name, postcode, authority, open"
_AFTER_EVERY_LETTER = "\U0010ffff"


@dataclass(frozen=True)
class Entry:
    """A school (code: URN; authority: GIAS code, None when GIAS gives none) or a practice (code: ODS; no authority)."""

    code: str
    name: str
    postcode: str | None
    authority: str | None
    open: bool


@dataclass(frozen=True)
class About:
    """Which release of which file a register is, and the day on which it was imported (ISO)."""

    release: str
    file: str
    imported_on: str


def write_register(path: Path, entries: Iterable[Entry], about: About) -> int:
    """Replaces the register; gives the number of entries. Of two with one code the later is kept."""
    with replacing(path) as part, closing(sqlite3.connect(part, isolation_level=None)) as database:
        database.executescript(_SCHEMA)
        database.execute("BEGIN")
        for entry in entries:
            database.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
                (entry.code, entry.name, entry.postcode, entry.authority, entry.open),
            )
            database.executemany(
                "INSERT OR IGNORE INTO words VALUES (?, ?)", ((word, entry.code) for word in _words(entry.name))
            )
        database.execute("INSERT INTO about VALUES (?, ?, ?)", (about.release, about.file, about.imported_on))
        database.execute("COMMIT")
        return int(database.execute("SELECT count(*) FROM entries").fetchone()[0])


class Register:
    """Read-only view of one register file. Raises sqlite3.Error when the file is not one."""

    def __init__(self, path: Path) -> None:
        # The file is replaced, never written to: "immutable" spares the locks.
        self._database = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self.about = About(*self._database.execute("SELECT release, file, imported_on FROM about").fetchone())

    def entry(self, code: str) -> Entry | None:
        """The entry of a code, spelled as in the file."""
        row = self._database.execute(f"SELECT {_COLUMNS} FROM entries WHERE code = ?", (code,)).fetchone()
        return _entry(row) if row else None

    def search(self, text: str, limit: int = 10) -> list[Entry]:
        """Entries whose names hold, for every word of `text`, a word that begins so; the open ones first, by name."""
        words = sorted(_words(text), key=len, reverse=True)
        if not words:
            return []
        each = " AND ".join(["code IN (SELECT code FROM words WHERE word >= ? AND word < ?)"] * len(words))
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE {each} ORDER BY open DESC, name LIMIT ?",
            [*(bound for word in words for bound in (word, word + _AFTER_EVERY_LETTER)), limit],
        )
        return [_entry(row) for row in rows]

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM entries").fetchone()[0])


def _entry(row: tuple[str, str, str | None, str | None, int]) -> Entry:
    code, name, postcode, authority, is_open = row
    return Entry(code, name, postcode, authority, bool(is_open))


def _words(name: str) -> set[str]:
    """`St. James's School` as st, jamess, school."""
    return set(re.findall(r"\w+", re.sub("['\u2019]", "", name.casefold())))
