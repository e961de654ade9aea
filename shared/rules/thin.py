"""Facts as events carry them (districts, ages and codes in plain data) turned into the facts that rules look at."""

from collections.abc import Mapping
from typing import Any

from shared.rules.facts import ChildFacts, Facts, Interval, Place


def facts_of(data: Mapping[str, Any]) -> Facts:
    """The facts in the data of `referral.submitted` or `.amended`. Raises ValueError when they could not be facts.

    Nothing is guessed on the way: what the data does not know the rules do not know either.
    """
    months = data["months_since_release"]
    return Facts(
        kind=data["kind"],
        referrer_type=data["referrer_type"],
        relationship=data["relationship"],
        stage=data["stage"],
        months_since_release=None if months is None else Interval(months["low"], months["high"]),
        home=_place(data["home"]),
        borough=_place(data["borough"]),
        children=tuple(
            ChildFacts(child["id"], child["age"], _place(child["school"]), _place(child["practice"]))
            for child in data["children"]
        ),
    )


def _place(data: Mapping[str, Any]) -> Place:
    return Place(data["place"], data["basis"])
