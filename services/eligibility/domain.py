"""From the facts of an event to the facts of the rules, and from decisions back to what an event says. Pure.

Nothing is guessed on the way: what the event does not know the rules do not know either.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from shared.rules.facts import ChildFacts, Facts, Interval, Place
from shared.rules.receipt import Receipt


class Decision(Protocol):
    """One agency's decision, as the directory gives it."""

    @property
    def agency(self) -> str: ...

    @property
    def outcome(self) -> str: ...

    @property
    def children(self) -> Mapping[str, str]: ...

    @property
    def missing(self) -> tuple[str, ...]: ...

    @property
    def receipt(self) -> Receipt: ...


def facts_of(data: Mapping[str, Any]) -> Facts:
    """The facts in the data of `referral.submitted` or `.amended`. Raises ValueError when they could not be facts."""
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


def outcome_of(decision: Decision) -> dict[str, Any]:
    """One agency's part of `eligibility.assessed`."""
    return {
        "agency": decision.agency,
        "outcome": decision.outcome,
        "children": dict(decision.children),
        "missing": [as_code(fact) for fact in decision.missing],
        "receipt": decision.receipt.to_json(),
    }


def as_code(fact: str) -> str:
    """A fact's name as events spell it: `released_on` is `released-on`."""
    return fact.replace("_", "-")


def _place(data: Mapping[str, Any]) -> Place:
    return Place(data["place"], data["basis"])
