"""What a page asks: from the form into the document, from there into the form again, and into the list of answers.

A field refuses only what the API could not: an answer that nobody but this form needs. All else the API's checks say.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.referrals.web.refer.document import Document
from services.referrals.web.refer.view import View
from shared.http.fields import REQUIRED
from shared.http.problems import FieldError
from shared.places.spelling import canonical
from shared.web import formats
from shared.web.forms import Form
from shared.web.pointers import put, remove

Word = Callable[[str, str], str]
Typed = Mapping[str, list[str]]


def missing(pointer: str) -> FieldError:
    return FieldError(pointer, "required", REQUIRED)


@dataclass(frozen=True)
class Field:
    """A text at a pointer. `must`: the form needs it, whatever the API says."""

    pointer: str
    must: bool = False

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        """Writes what was typed into the document, and nothing else. `view` is what was known before."""
        value = self.read(form)
        if value:
            put(document, self.pointer, value)
            return
        remove(document, self.pointer)
        if self.must:
            yield missing(self.pointer)

    def read(self, form: Form) -> Any:
        return form.text(self.pointer)

    def typed(self, view: View) -> Typed:
        """What the form shows: texts by the names of its fields."""
        value = view.at(self.pointer)
        return {} if value is None else {self.pointer: [str(value)]}

    def told(self, view: View, word: Word) -> str:
        """What was answered, for people; an empty text where nothing was."""
        return str(view.at(self.pointer) or "")


class Postcode(Field):
    def read(self, form: Form) -> Any:
        text = form.text(self.pointer)
        return canonical(text) or text


@dataclass(frozen=True)
class Choice(Field):
    """One code of a section of the catalogue."""

    section: str = ""

    def told(self, view: View, word: Word) -> str:
        value = view.at(self.pointer)
        return word(self.section, value) if value else ""


@dataclass(frozen=True)
class Several(Field):
    """Any number of codes, whose names `names` knows."""

    names: Callable[[View], Mapping[str, str]] = lambda view: {}

    def read(self, form: Form) -> Any:
        return form.texts(self.pointer)

    def typed(self, view: View) -> Typed:
        return {self.pointer: view.at(self.pointer) or []}

    def told(self, view: View, word: Word) -> str:
        names = self.names(view)
        return "\n".join(names[code] for code in view.at(self.pointer) or [] if code in names)


class Day(Field):
    """A date, in its three parts."""

    def read(self, form: Form) -> Any:
        return form.day(self.pointer)

    def typed(self, view: View) -> Typed:
        year, month, day = [*str(view.at(self.pointer) or "")[:10].split("-"), "", ""][:3]
        parts = {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year}
        return {f"{self.pointer}/{part}": [value] for part, value in parts.items()}

    def told(self, view: View, word: Word) -> str:
        value = view.at(self.pointer)
        return formats.spoken(value) if value else ""


class DayOrMonth(Day):
    """A date of which the day may be left out."""

    def read(self, form: Form) -> Any:
        day, month, year = (form.text(f"{self.pointer}/{part}") for part in ("day", "month", "year"))
        if day or not (month or year):
            return form.day(self.pointer)
        whole = month.isascii() and month.isdigit()
        return f"{year}-{int(month):02}" if whole else f"{year}-{month}"

    def told(self, view: View, word: Word) -> str:
        value = str(view.at(self.pointer) or "")
        if len(value) == 7:
            return formats.spoken(f"{value}-01").partition(" ")[2]
        return formats.spoken(value) if value else ""


class Tick(Field):
    """Yes where it was ticked."""

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        put(document, self.pointer, form.text(self.pointer) == "yes")
        yield from ()

    def typed(self, view: View) -> Typed:
        return {self.pointer: ["yes"] if view.at(self.pointer) else []}

    def told(self, view: View, word: Word) -> str:
        return word("refer-yes-no", "yes" if view.at(self.pointer) else "no")
