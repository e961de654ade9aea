"""Forms as browsers send them, and as pages show them again: what was typed, and what is wrong with it, field by field.

A field's name is the JSON pointer of what it fills, so a form is turned into the document that the API takes, and checked
by the API's own schema: no rule is written twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from shared.http import problems
from shared.http.problems import FieldError
from shared.http.request import Request
from shared.web.catalogue import Catalogue
from shared.web.pointers import id_of

MOST_FIELDS = 500
TYPE = "application/x-www-form-urlencoded"
WITH_FILES = "multipart/form-data"
DATE_PARTS = ("day", "month", "year")


class Form:
    """What a browser sent. A field that is not there reads as an empty text."""

    def __init__(self, pairs: Iterable[tuple[str, str]], files: Iterable[tuple[str, str, bytes]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        self._files = list(files)
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str:
        """The field's text, without the space around it, lines ended by a line feed."""
        return (self._values.get(name) or [""])[-1].replace("\r\n", "\n").strip()

    def texts(self, name: str) -> list[str]:
        """All values of a field that may be sent several times, like check boxes; empty ones are left out."""
        return [value for value in self._values.get(name, ()) if value]

    def has(self, name: str) -> bool:
        return name in self._values

    def files(self, name: str) -> list[tuple[str, bytes]]:
        """The files of a field, each with its own name, without any folder; a field that was left empty has none."""
        return [(file, content) for field, file, content in self._files if field == name]

    def day(self, name: str) -> str:
        """A date from its three fields, `NAME/day` and so on, as 2017-03-14; as typed where that is no date of digits.

        An empty text when nothing was typed at all.
        """
        day, month, year = (self.text(f"{name}/{part}") for part in DATE_PARTS)
        if not (day or month or year):
            return ""
        if all(part.isascii() and part.isdigit() for part in (day, month, year)) and len(year) == 4:
            return f"{year}-{int(month):02}-{int(day):02}"
        return f"{year}-{month}-{day}"

    def typed(self) -> Mapping[str, list[str]]:
        return self._values


def read_form(request: Request) -> Form:
    """The form in a request's body. Raises problems: 415 for another type, 400 for what no browser sends."""
    if request.mimetype == WITH_FILES:
        return _read_with_files(request)
    if request.mimetype != TYPE:
        raise problems.unsupported(TYPE)
    try:
        text = request.body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise problems.bad_request("not-a-form", "The form cannot be read") from None
    return Form(_without_nul(pairs))


def _read_with_files(request: Request) -> Form:
    """The same for a form that brings files; the body's limit is theirs too."""
    # In memory, as the body is already: there is no file on a disk to take care of.
    parser = FormDataParser(lambda *_, **__: BytesIO(), max_form_parts=MOST_FIELDS, silent=False)
    try:
        _, fields, files = parser.parse(
            BytesIO(request.body), request.mimetype, len(request.body), request.mimetype_params
        )
    except (ValueError, HTTPException):
        raise problems.bad_request("not-a-form", "The form cannot be read") from None
    brought = [
        (name, (file.filename or "").replace("\\", "/").rpartition("/")[2], file.stream.read())
        for name, file in files.items(multi=True)
        if file.filename
    ]
    return Form(_without_nul(list(fields.items(multi=True))), brought)


def _without_nul(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if any("\0" in part for pair in pairs for part in pair):
        raise problems.bad_request("nul-character", "The form holds a NUL character")
    return pairs


@dataclass(frozen=True)
class Wrong:
    """One thing to mend: the id of the field to go to, and what to do in plain words."""

    id: str
    text: str


@dataclass
class Sheet:
    """A form on a page: the texts in its fields by name, and what is wrong by name. Empty when nobody has typed yet."""

    typed: Mapping[str, list[str]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return (self.typed.get(name) or [""])[-1]

    def chosen(self, name: str) -> list[str]:
        return list(self.typed.get(name, ()))

    def error(self, name: str) -> str | None:
        return self.wrong.get(name)

    @property
    def summary(self) -> list[Wrong]:
        """All errors, in the order in which they were found, each with the field to go to."""
        return [Wrong(id_of(name), text) for name, text in self.wrong.items()]


def sheet_of(document: Mapping[str, Any], names: Iterable[str] = ()) -> Sheet:
    """A sheet that shows a document: every text of it, under its pointer; a date of `names` in its three parts."""
    typed: dict[str, list[str]] = {}
    _spread(document, "", typed)
    for name in names:
        year, month, day = [*(typed.get(name) or [""])[0].split("-"), "", ""][:3]
        typed |= {f"{name}/day": [day.lstrip("0")], f"{name}/month": [month.lstrip("0")], f"{name}/year": [year]}
    return Sheet(typed)


def wrong_of(errors: Iterable[FieldError], catalogue: Catalogue, section: str = "errors") -> dict[str, str]:
    """Field errors of the API as sentences for people, by the field that they belong to; the first one of each.

    `section` is where the catalogue has this group's own sentences.
    """
    told: dict[str, str] = {}
    for error in errors:
        told.setdefault(error.pointer, catalogue.error(error.pointer, error.code, error.detail, section))
    return told


def _spread(value: Any, pointer: str, typed: dict[str, list[str]]) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _spread(inner, f"{pointer}/{name}", typed)
    elif isinstance(value, list) and value and not isinstance(value[0], Mapping):
        typed[pointer] = [str(each) for each in value]
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _spread(inner, f"{pointer}/{number}", typed)
    elif isinstance(value, bool):
        typed[pointer] = ["yes" if value else "no"]
    elif value is not None:
        typed[pointer] = [str(value)]
