"""A form's document: the referral as the API takes it, and beside it what only the form needs. Pure.

Beside the API's parts: `form` (which pages were seen, what was agreed to), and in each child `seen` and the `age` that was
told before a date of birth was asked for.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import date
from typing import Any

from shared.rules.times import age_on
from shared.web.pointers import remove

Document = dict[str, Any]

FAMILY, ADVICE = "family-support", "consultation"
_PARTS = {
    FAMILY: ("children", "relative", "home", "family_contact", "needs", "notes", "preferred_agencies", "consent"),
    ADVICE: ("borough", "question", "preferred_agencies"),
}
_OURS = ("age", "seen")
_OF_THE_FAMILY = ("name", "email", "telephone")


def begun(kind: str) -> Document:
    """A form on which nothing stands yet."""
    return {"kind": kind, "form": {"seen": []}}


def is_family(document: Mapping[str, Any]) -> bool:
    """Whether a family refers itself."""
    return (document.get("referrer") or {}).get("type") == "family"


def has_agreed(document: Mapping[str, Any]) -> bool:
    return bool(document["form"].get("agreed") == "yes")


def referral_of(document: Document, unasked: Iterable[str]) -> Document:
    """What is sent to be taken as a referral, without what stands at the pointers that are not asked (any more).

    A family that refers itself is asked once who it is.
    """
    document = deepcopy(document)
    for pointer in unasked:
        remove(document, pointer)
    body = {"kind": document["kind"]}
    body |= {name: document[name] for name in ("referrer", *_PARTS[document["kind"]]) if document.get(name)}
    if isinstance(body.get("children"), list):
        body["children"] = [
            {name: value for name, value in child.items() if name not in _OURS} for child in body["children"]
        ]
    if not has_agreed(document):
        body.pop("consent", None)
    if is_family(document):
        contact = document.get("family_contact") or {}
        body["referrer"] = {"type": "family"} | _of(contact, *_OF_THE_FAMILY)
        if "consent" in body:
            here = {"method": "online", "given_at": document["form"].get("agreed_at")}
            body["consent"] = body["consent"] | here | _of(contact, "name")
    return body


def check_of(document: Document, today: date) -> Document:
    """The anonymous question: the facts of the form, and nobody in it."""
    body: Document = {"kind": document["kind"], "referrer_type": (document.get("referrer") or {}).get("type")}
    body |= {name: document[name] for name in ("home", "borough", "relative") if document.get(name)}
    if "relative" in body and body["relative"].get("stage") != "released":
        body["relative"] = _of(body["relative"], "relationship", "stage")
    if isinstance(document.get("children"), list):
        body["children"] = [
            {"age": _age(child, today)} | _of(child, "school", "gp") for child in document.get("children", [])
        ]
    return body


def _age(child: Mapping[str, Any], today: date) -> Any:
    """In years: by the date of birth once there is one, else as it was told."""
    try:
        return age_on(date.fromisoformat(child["date_of_birth"]), today)
    except (KeyError, ValueError):
        return child.get("age")


def _of(part: Mapping[str, Any], *names: str) -> Document:
    return {name: part[name] for name in names if part.get(name)}
