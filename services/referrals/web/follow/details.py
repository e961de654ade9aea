"""Details that were asked for, given; and any other put right. Nothing that is held is shown: what is left empty stays."""

from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from services.referrals.domain import TOLD
from services.referrals.web.follow.followed import Followed
from shared.http.request import Request
from shared.rules.facts import RELATIONSHIPS, STAGES
from shared.web.forms import Form, Sheet
from shared.web.page import form_of
from shared.web.pointers import put

CHILD = {
    "first-name": ("first_name",),
    "last-name": ("last_name",),
    "date-of-birth": ("date_of_birth",),
    "age": ("date_of_birth",),
    "told": ("told",),
    "school": ("school/postcode", "school/urn"),
    "practice": ("gp/postcode", "gp/ods_code"),
}
"""The fields of a child by the code under which they are asked for."""
OTHER = {
    "home": ("/home/postcode",),
    "borough": ("/borough/postcode",),
    "relationship": ("/relative/relationship",),
    "stage": ("/relative/stage", "/relative/released_on"),
    "released-on": ("/relative/stage", "/relative/released_on"),
}
CHOICES = {"told": TOLD, "relationship": RELATIONSHIPS, "stage": STAGES}
DATES = ("date_of_birth", "released_on")
ALL = {"family-support": (*CHILD, "home", "relationship", "stage"), "consultation": ("borough",)}


@dataclass(frozen=True)
class Field:
    """One field: its pointer, and how it is asked."""

    name: str
    kind: str
    label: str
    options: tuple[str, ...] = ()


class Details(Followed):
    """The page of details; with `?all=yes` of all that can be put right, else of what was asked for."""

    def show(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        self.may("supply-information")
        everything = self._everything(request)
        groups = self._groups(everything)
        return self.draw(request, "details", sheet, status, groups=groups, everything=everything)

    def take(self, request: Request) -> Response:
        form, groups = form_of(request), self._groups(self._everything(request))
        document = self._document(form, [field for _, fields in groups for field in fields])
        changes, holder = self._front.changes, self._pass
        return self.change(
            request,
            lambda: changes.information(document, holder.referral_id, holder),
            "details",
            form,
            lambda asked, sheet, status: self.show(asked, _placed(sheet, groups), status),
        )

    def _everything(self, request: Request) -> bool:
        return request.args.get("all") == "yes" or not self._wanted

    @property
    def _wanted(self) -> list[str]:
        return [item for item in self.timeline["wanted"] if item in CHILD or item in OTHER]

    @property
    def _children(self) -> list[dict[str, Any]]:
        return self.one["referral"].get("children") or []

    def _groups(self, everything: bool) -> list[tuple[str, list[Field]]]:
        """The fields under a child's first name each, the others under none."""
        items = ALL[self.one["kind"]] if everything else self._wanted
        groups = [
            (
                child["first_name"],
                _fields(f"/children/{number}/{name}" for item in items for name in CHILD.get(item, ())),
            )
            for number, child in enumerate(self._children)
        ]
        groups.append(("", _fields(name for item in items for name in OTHER.get(item, ()))))
        return [(name, fields) for name, fields in groups if fields]

    def _document(self, form: Form, fields: list[Field]) -> dict[str, Any]:
        """What was typed, as the API takes it. All children are named, so that an error's pointer is the field's name."""
        typed = {field.name: _read(form, field) for field in fields}
        given = {name: value for name, value in typed.items() if value}
        if not given:
            return {}
        document: dict[str, Any] = {}
        if any(name.startswith("/children/") for name in given):
            document["children"] = [{"id": child["id"]} for child in self._children]
        for name, value in given.items():
            put(document, name, value)
        return document


def _fields(names: Any) -> list[Field]:
    return [_field(name) for name in dict.fromkeys(names)]


def _field(name: str) -> Field:
    last = name.rpartition("/")[2]
    label = "/".join(name.split("/")[-2:]) if last in ("postcode", "urn", "ods_code") else last
    kind = "date" if last in DATES else "choice" if last in CHOICES else "text"
    return Field(name, kind, label, CHOICES.get(last, ()))


def _read(form: Form, field: Field) -> str:
    """A release may be known by its month alone."""
    if field.kind != "date":
        return form.text(field.name)
    day, month, year = (form.text(f"{field.name}/{part}") for part in ("day", "month", "year"))
    if field.name.endswith("released_on") and not day and month.isdigit() and month.isascii():
        return f"{year}-{int(month):02}"
    return form.day(field.name)


def _placed(sheet: Sheet, groups: list[tuple[str, list[Field]]]) -> Sheet:
    """An error of a part is shown at the part's first field: that of the whole body at the first of all."""
    names = [field.name for _, fields in groups for field in fields]
    wrong: dict[str, str] = {}
    for pointer, text in sheet.wrong.items():
        place = next((name for name in names if name == pointer or name.startswith(f"{pointer}/")), names[0])
        wrong.setdefault(place, text)
    return Sheet(sheet.typed, wrong)
