"""A school or a surgery: by its name where the official list was imported, by its postcode or number everywhere.

As the form sends it: what was picked from a list that was typed into (`Test School, KT1 1AA (900001)`), one of several
that the server found, a postcode, a number, or a name to look for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.referrals.known import Known
from services.referrals.web.refer.document import Document
from services.referrals.web.refer.fields import Field, Typed, Word, missing
from services.referrals.web.refer.view import View
from shared.http.problems import FieldError
from shared.places.kinds import Kind
from shared.places.register import Entry
from shared.places.spelling import canonical
from shared.web.forms import Form
from shared.web.pointers import at, put, remove

MOST = 12
LEAST_LETTERS = 3
SCHOOL, PRACTICE = "school", "gp"
_CODES = {SCHOOL: "urn", PRACTICE: "ods_code"}
_KINDS = {SCHOOL: Kind.SCHOOLS, PRACTICE: Kind.PRACTICES}
_PICKED = re.compile(r"(?:.*\()?([A-Z]?[0-9A-Z]{3,7})\)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class PlaceField(Field):
    """`kind` is `school` or `gp`; the pointer is the child's. `page` is what the page is called that asks for it."""

    kind: str = SCHOOL
    page: str = ""

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        if form.text("do") == "unknown":
            remove(document, self.pointer)
            return
        text = form.text(f"{self.pointer}/pick") or form.text(self.pointer)
        found = place_of(self.kind, text, view.known)
        if found:
            put(document, self.pointer, found)
            if form.text("same") == "yes":
                self._for_all(document, found)
        elif not text:
            yield missing(self.pointer)
        else:
            several = search(self.kind, text, view.known)
            yield FieldError(self.pointer, "several" if several else "not-found", "Choose one.")

    def _for_all(self, document: Document, found: Document) -> None:
        """All children go there: for none of the others it is asked any more."""
        for child in document["children"]:
            child[self.kind] = found
            child["seen"] = [*(name for name in child.get("seen", ()) if name != self.page), self.page]

    def typed(self, view: View) -> Typed:
        return {self.pointer: [self.told(view, lambda section, code: code)]}

    def told(self, view: View, word: Word) -> str:
        code = at(view.document, f"{self.pointer}/{_CODES[self.kind]}")
        entry = view.known.places.entry(_KINDS[self.kind], code)
        return shown(entry) if entry else str(code or view.at(f"{self.pointer}/postcode") or "")


def place_of(kind: str, text: str, known: Known) -> Document | None:
    """What the API takes for a text that says which place is meant: its code, or a postcode; else None."""
    picked = _PICKED.fullmatch(text)
    code = picked[1].upper() if picked else ""
    entry = known.places.entry(_KINDS[kind], code)
    if entry:
        # Its postcode too, where it is one that the API takes: it serves where the code is not known any more.
        exists = entry.postcode and known.exists(entry.postcode)
        return {_CODES[kind]: entry.code} | ({"postcode": entry.postcode} if exists else {})
    postcode = canonical(text)
    return {"postcode": postcode} if postcode else None


def search(kind: str, text: str, known: Known) -> list[Entry]:
    """The places whose names hold words that begin so; none for fewer than three letters, or before an import."""
    if len(text.strip()) < LEAST_LETTERS:
        return []
    places = known.places
    found = places.search_schools(text, MOST) if kind == SCHOOL else places.search_practices(text, MOST)
    return [entry for entry in found if entry.open]


def is_imported(kind: str, known: Known) -> bool:
    return _KINDS[kind] in known.places.releases


def shown(entry: Entry) -> str:
    """`Test School, KT1 1AA (900001)`: people know the first half, the form knows the second."""
    return ", ".join(part for part in (entry.name, entry.postcode) if part) + f" ({entry.code})"
