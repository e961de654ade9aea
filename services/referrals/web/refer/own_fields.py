"""Fields that fill more than one place of the document, or keep something beside what was typed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.referrals.web.refer.document import Document
from services.referrals.web.refer.fields import Day, Field, Typed, Word, missing
from services.referrals.web.refer.view import View
from shared.http.problems import FieldError
from shared.places.spelling import canonical
from shared.web import formats
from shared.web.forms import Form
from shared.web.pointers import at, put

_BETWEEN_AGES = re.compile(r"[\s,;.&+]+|\band\b|\byears?\b|\bold\b", re.IGNORECASE)


class Ages(Field):
    """The children's ages in one line: 4, 9 and 12. A child who has a name is taken away on the page of children only."""

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        ages = [part for part in _BETWEEN_AGES.split(form.text(self.pointer)) if part]
        children = list(view.children)
        for number, age in enumerate(ages):
            if number == len(children):
                children.append({})
            told = int(age) if age.isascii() and age.isdigit() and len(age) < 5 else age
            children[number] = children[number] | {"age": told}
        put(document, self.pointer, [each for n, each in enumerate(children) if n < len(ages) or "first_name" in each])
        if not ages:
            yield missing(self.pointer)

    def typed(self, view: View) -> Typed:
        return {self.pointer: [", ".join(str(child["age"]) for child in view.children if "age" in child)]}

    def told(self, view: View, word: Word) -> str:
        return formats.joined([str(child["age"]) for child in view.children if "age" in child])


@dataclass(frozen=True)
class Flags(Field):
    """What else is safe on a channel: each name is true where it was ticked."""

    names: tuple[str, ...] = ()

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        ticked = form.texts(self.pointer)
        for name in self.names:
            put(document, f"{self.pointer}/{name}", name in ticked)
        yield from ()

    def typed(self, view: View) -> Typed:
        return {self.pointer: [name for name in self.names if view.at(f"{self.pointer}/{name}")]}

    def told(self, view: View, word: Word) -> str:
        yes = self.typed(view)[self.pointer]
        return "\n".join(word("refer-safe" if name in yes else "refer-not-safe", name) for name in self.names)


class Ways(Field):
    """The ways on which the family is reached safely. Of a way that is not safe nothing is kept."""

    KEPT = (("telephone", "telephone"), ("email", "email"), ("letter", "address"))
    ALONE = "referrer"

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        ways = form.texts(self.pointer)
        contact = document.setdefault("family_contact", {})
        safe = contact["safe_contact"] = dict(contact.get("safe_contact") or {})
        for way, field in self.KEPT:
            if way in ways:
                safe[way] = (safe.get(way) or {}) | {"safe": True}
            else:
                safe.pop(way, None)
                contact.pop(field, None)
        safe["through_referrer_only"] = self.ALONE in ways
        if self.ALONE in ways and len(ways) > 1:
            yield FieldError(self.pointer, "either", "One or the other.")
        elif not ways:
            yield missing(self.pointer)

    def typed(self, view: View) -> Typed:
        return {self.pointer: self._ways(view)}

    def told(self, view: View, word: Word) -> str:
        return "\n".join(word("refer-ways", way) for way in self._ways(view))

    def _ways(self, view: View) -> list[str]:
        ways = [way for way, _ in self.KEPT if view.safe(way)]
        return [self.ALONE] if view.at(f"{self.pointer}/through_referrer_only") else ways


class Agreement(Field):
    """Whether the family agrees: with it are kept the agencies and the version of the words that were shown."""

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        answer = form.text(self.pointer)
        if answer not in ("yes", "no"):
            yield missing(self.pointer)
            return
        put(document, self.pointer, answer)
        put(document, "/form/agreed_as", view.at("/referrer/type"))
        if answer == "yes":
            put(document, "/consent/agencies", view.chosen)
            put(document, "/consent/wording_version", view.wording_version)
            put(document, "/form/agreed_at", view.now.isoformat())

    def told(self, view: View, word: Word) -> str:
        answer = view.at(self.pointer)
        return word("refer-agreed", answer) if answer else ""


class GivenOn(Day):
    """The day of an agreement, kept as a moment: noon, or now where it is today."""

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        yield from super().fill(form, document, view)
        day = at(document, self.pointer)
        if day == view.today.isoformat():
            put(document, self.pointer, view.now.isoformat())
        elif day:
            put(document, self.pointer, f"{day}T12:00:00Z")


class Borough(Field):
    """One of the boroughs that the directory names, or any other by a postcode in it."""

    OTHER = "other"

    def fill(self, form: Form, document: Document, view: View) -> Iterator[FieldError]:
        code, postcode = form.text(f"{self.pointer}/code"), form.text(f"{self.pointer}/postcode")
        document.pop("borough", None)
        if code == self.OTHER:
            put(document, f"{self.pointer}/postcode", canonical(postcode) or postcode)
            if not postcode:
                yield missing(f"{self.pointer}/postcode")
        elif code:
            put(document, f"{self.pointer}/code", code)
        else:
            yield missing(f"{self.pointer}/code")

    def typed(self, view: View) -> Typed:
        borough = view.at(self.pointer) or {}
        code = self.OTHER if "postcode" in borough else borough.get("code", "")
        return {f"{self.pointer}/code": [code], f"{self.pointer}/postcode": [borough.get("postcode", "")]}

    def told(self, view: View, word: Word) -> str:
        borough = view.at(self.pointer) or {}
        code = borough.get("code")
        return (view.known.places.district_name(code) or code) if code else borough.get("postcode", "")
