"""From what a referral says to the facts that an event may carry: districts, ages in years, months, codes.

Ages and months are counted on the day of receipt, also when they are counted again later.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.referrals.domain import release_facts
from services.referrals.known import Known
from shared.rules.times import age_on

Part = Mapping[str, Any]


def facts_of(details: Part, children: Iterable[tuple[str, Part]], received_on: date, known: Known) -> dict[str, Any]:
    """The facts of a referral. `details` is its body without the children, who come with their ids."""
    relative: Part = details.get("relative") or {}
    return {
        "kind": details["kind"],
        "referrer_type": details["referrer"]["type"],
        "received_on": received_on,
        "relationship": relative.get("relationship"),
        "stage": relative.get("stage"),
        **release_facts(relative.get("released_on"), received_on),
        "home": known.home(details.get("home")),
        "borough": known.borough(details.get("borough")),
        "children": [
            {
                "id": child_id,
                "age": age_on(date.fromisoformat(child["date_of_birth"]), received_on),
                "school": known.school(child.get("school")),
                "practice": known.practice(child.get("gp")),
            }
            for child_id, child in children
        ],
        "chosen_agencies": details.get("preferred_agencies") or [],
        "data_releases": known.releases(),
    }


def facts_of_check(body: Part, received_on: date, known: Known) -> dict[str, Any]:
    """The same facts from an anonymous question; a child is called by its place in the list, from 1."""
    relative: Part = body.get("relative") or {}
    return {
        "kind": body["kind"],
        "referrer_type": body.get("referrer_type"),
        "relationship": relative.get("relationship"),
        "stage": relative.get("stage"),
        **release_facts(relative.get("released_on"), received_on),
        "home": known.home(body.get("home")),
        "borough": known.borough(body.get("borough")),
        "children": [
            {
                "id": str(number),
                "age": child.get("age"),
                "school": known.school(child.get("school")),
                "practice": known.practice(child.get("gp")),
            }
            for number, child in enumerate(body.get("children") or [], start=1)
        ],
    }
