"""What routing knows of a referral, as pages show it: children by number, the agencies in question first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
_OUTCOMES = ("review", "eligible", "needs-information", "ineligible")


def as_read(review: Json) -> dict[str, Any]:
    """`review` is the API's; its outcomes come with their receipt's criteria grouped by whom they are about."""
    asked = review["agencies"]
    outcomes = sorted(
        review["outcomes"], key=lambda each: (each["agency"] not in asked, _OUTCOMES.index(each["outcome"]))
    )
    numbers = _numbers(outcomes)
    return {
        **review,
        "children": len(numbers),
        "outcomes": [
            {**each, "in_question": each["agency"] in asked, **_receipt(each["receipt"], numbers)} for each in outcomes
        ],
    }


def _numbers(outcomes: Sequence[Json]) -> dict[str, int]:
    """Each child's number. Ids grow with time, so it is the order in which the children were given."""
    children = {child for each in outcomes for child in each["receipt"].get("children", {})}
    return {child: number for number, child in enumerate(sorted(children), start=1)}


def _receipt(receipt: Json, numbers: Mapping[str, int]) -> dict[str, Any]:
    """A made-up receipt of a rehearsal has no clauses."""
    return {
        "criteria": [_clause(each, numbers) for each in receipt.get("clauses", ()) if each["part"] == "criteria"],
        "reviews": [{**each, "child": numbers.get(each["child"])} for each in receipt.get("reviews", ())],
        "lacking": [{**each, "child": numbers.get(each["child"])} for each in receipt.get("missing", ())],
        "by_child": [
            {"child": numbers[child], "outcome": outcome}
            for child, outcome in sorted(receipt.get("children", {}).items())
        ],
    }


def _clause(clause: Json, numbers: Mapping[str, int]) -> dict[str, Any]:
    used = [{**each, "child": numbers.get(each["child"]), "said": _value(each["value"])} for each in clause["used"]]
    return {
        **clause,
        "about": clause["fact"].rpartition(".")[2],
        "used": sorted(used, key=lambda each: each["child"] or 0),
    }


def _value(value: Any) -> str:
    """A code, a number, or `2 to 3`; empty where nothing is known."""
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " to ".join(_distinct(value))
    return str(value)


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(each) for each in values))
