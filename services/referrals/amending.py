"""Information that came later, laid over what was there, and the facts counted anew."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.referrals import checks
from services.referrals.facts import facts_of
from services.referrals.known import Known
from services.referrals.stored import Stored
from shared.http import problems
from shared.http.problems import FieldError

FAMILY_PARTS = ("children", "home", "relative")


@dataclass(frozen=True)
class Amended:
    """What is now known; `items` are codes of what came in, `changed_children` those to seal anew."""

    details: dict[str, Any]
    changed_children: list[tuple[str, dict[str, Any]]]
    facts: dict[str, Any]
    items: list[str]


def amend(stored: Stored, body: dict[str, Any], today: date, received_on: date, known: Known) -> Amended:
    """Lays `body` over a referral; raises a 422 problem for what does not fit it.

    A part that is given replaces its fields one by one; a school, a practice, a home or a borough is replaced whole.
    """
    kind = stored.row.kind
    foreign = ("borough",) if kind == "family-support" else FAMILY_PARTS
    errors = [checks.error(f"/{name}", "not-for-this-kind") for name in foreign if name in body]
    children = dict(stored.children)
    changed: dict[str, dict[str, Any]] = {}
    for number, child in enumerate(body.get("children") or []):
        if child["id"] not in children:
            errors.append(checks.error(f"/children/{number}/id", "not-a-child-of-this-referral"))
            continue
        news = {name: value for name, value in child.items() if name != "id"}
        changed[child["id"]] = changed.get(child["id"], children[child["id"]]) | news
    details = stored.details | {name: body[name] for name in ("home", "borough") if name in body}
    if "relative" in body:
        details["relative"] = _relative(stored.details.get("relative") or {}, body["relative"])
        errors += list(checks.relative_errors(details["relative"], today))
    _refuse(errors)
    referred = list((children | changed).items())
    return Amended(details, list(changed.items()), facts_of(details, referred, received_on, known), _items(body))


def with_contact(details: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The details with another way to reach the family; raises a 422 problem where none would be safe."""
    contact = (details.get("family_contact") or {"safe_contact": {}}) | body
    _refuse(list(checks.contact_errors(contact, "")))
    return details | {"family_contact": contact}


def _relative(before: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    relative = before | news
    if relative.get("stage") != "released" and "released_on" not in news:
        relative["released_on"] = None
    return relative


def _items(body: dict[str, Any]) -> list[str]:
    """What came in, as the codes that information is asked for by."""
    names = [name for name in ("home", "borough") if name in body]
    names += sorted(body.get("relative") or {})
    names += sorted({name for child in body.get("children") or [] for name in child if name != "id"})
    codes = {"gp": "practice"}
    return [codes.get(name, name).replace("_", "-") for name in names]


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise problems.invalid(sorted(errors, key=lambda each: (each.pointer, each.code)))
