"""What an event says of the rules' decisions. Pure."""

from collections.abc import Mapping
from typing import Any, Protocol

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
