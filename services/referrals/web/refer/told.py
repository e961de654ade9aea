"""The answer of the anonymous check as a page tells it: who can help, why, in the published words, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.referrals.web.refer.fields import Word
from services.referrals.web.refer.view import Outcome, View
from shared.rules import ELIGIBLE

_STEPS_OF_FACTS = {
    "age": "ages",
    "borough": "borough",
    "home": "home",
    "practice": "surgery",
    "referrer_type": "who",
    "relationship": "relative",
    "released_on": "when",
    "school": "school",
    "stage": "stage",
}


@dataclass(frozen=True)
class Quoted:
    """A published sentence, where it stands, and our reading of it where it is ours."""

    sentence: str
    source: str
    reading: str | None


@dataclass(frozen=True)
class Told:
    """One agency's answer. `words` are those that it rests on; `missing` has what would decide, and the page for it."""

    id: str
    name: str
    outcome: str
    words: list[Quoted]
    children: list[tuple[str, str]]
    changes: list[str]
    missing: list[tuple[str, str]]
    reviews: list[str]
    verified: bool


def answers(view: View, word: Word) -> list[Told]:
    """Every agency's answer: those that can help first."""
    told = [_told(each, view, word) for each in view.outcomes]
    return sorted(told, key=lambda each: _ORDER.index(each.outcome))


_ORDER = ("eligible", "review", "needs-information", "ineligible")


def _told(outcome: Outcome, view: View, word: Word) -> Told:
    receipt, agency = outcome["receipt"], view.known.directory.agency(outcome["agency"])
    # Where all children share an answer, the answer is the family's.
    each_child = outcome["children"] if len(set(outcome["children"].values())) > 1 else {}
    return Told(
        id=agency.id,
        name=agency.name,
        outcome=outcome["outcome"],
        words=_words(receipt, outcome["outcome"] == ELIGIBLE),
        children=[(child_name(view, int(number) - 1), said) for number, said in each_child.items()],
        changes=[_change(view, item) for item in receipt["would_change"] if item["code"] != "needs-fact"],
        missing=_missing(receipt, view, word),
        reviews=list(dict.fromkeys(item["reason"] for item in receipt["reviews"])),
        verified=agency.verified_on is not None,
    )


def _words(receipt: Mapping[str, Any], eligible: bool) -> list[Quoted]:
    """The published words that an answer rests on: of a no, those of which any one alone stands in the way."""
    wanted = "true" if eligible else "false"
    clauses = [each for each in receipt["clauses"] if each["part"] == "criteria" and each["answer"] == wanted]
    decisive = {item["clause"] for item in receipt["would_change"]}
    if not eligible and any(each["id"] in decisive for each in clauses):
        clauses = [each for each in clauses if each["id"] in decisive]
    words: dict[str, Quoted] = {}
    for each in clauses:
        if each["sentence"]:
            words.setdefault(each["sentence"], Quoted(each["sentence"], each["source"], each["interpretation"]))
    return list(words.values())


def _missing(receipt: Mapping[str, Any], view: View, word: Word) -> list[tuple[str, str]]:
    found = []
    for item in receipt["missing"]:
        step = _STEPS_OF_FACTS[item["fact"]]
        whose = f": {child_name(view, int(item['child']) - 1)}" if item["child"] and len(view.children) > 1 else ""
        path = f"{step}-{item['child']}" if step in ("school", "surgery") else step
        found.append((word("refer-facts", item["fact"]) + whose, f"/refer/{path}"))
    return found


def _change(view: View, item: Mapping[str, Any]) -> str:
    whose = f"{child_name(view, int(item['child']) - 1)}: " if item.get("child") and len(view.children) > 1 else ""
    text = item["text"].removeprefix("eligible ")
    return f"{whose}{text}" if whose else text[:1].upper() + text[1:]


def child_name(view: View, number: int) -> str:
    """How a child is called on a page: by the first name, once it is known."""
    child = view.children[number] if number < len(view.children) else {}
    if child.get("first_name"):
        return str(child["first_name"])
    return f"child {number + 1}" + (f" (aged {child['age']})" if isinstance(child.get("age"), int) else "")
