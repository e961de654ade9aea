"""The receipt of one decision: what was asked, what was answered, on what, and what would change it.

It holds agency, codes, districts, ages in years, and sentences of the directory, which is public: nothing personal has
a place in it. `to_json` and `from_json` are each other's inverse, and `to_json` gives plain dictionaries, lists,
strings and numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from shared.rules.facts import Interval, Value

Truth = bool | None
Json = dict[str, Any]

ELIGIBLE, REVIEW, NEEDS_INFORMATION, INELIGIBLE = OUTCOMES = ("eligible", "review", "needs-information", "ineligible")

_WORDS: Mapping[Truth, str] = {True: "true", False: "false", None: "unknown"}
_TRUTHS: Mapping[str, Truth] = {word: truth for truth, word in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class About:
    """What a clause is and rests on: the published sentence and where it stands, and our reading where it is ours.

    `part` is `criteria`, or `review` for a clause that only decides whether a person must look.
    """

    id: str
    part: str
    fact: str
    sentence: str | None
    source: str | None
    interpretation: str | None


class Used(NamedTuple):
    """A fact that an answer rests on: whose (None: the family's), its value (None: unknown), what it was known by."""

    child: str | None
    value: Value
    basis: str


class Answer(NamedTuple):
    """A clause, its answer, and the facts used."""

    about: About
    answer: Truth
    used: tuple[Used, ...]


class Missing(NamedTuple):
    """A fact that would decide an unknown: whose (None: the family's), and which."""

    child: str | None
    fact: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a person must look; `child` is None when it is about the family."""

    id: str
    child: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that alone would change the answer.

    `needs-fact`: `fact` is missing. `eligible-if`: clause `clause` would have to be true. `will-reach-age`: the child
    becomes eligible at `age`; who knows the date of birth can say when.
    """

    code: str
    child: str | None
    text: str
    fact: str | None = None
    clause: str | None = None
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One agency's decision on one referral.

    `children` is the outcome by child id; `releases` is data set to release.
    """

    agency: str
    outcome: str
    directory: str
    received_on: date
    releases: Mapping[str, str]
    children: Mapping[str, str]
    clauses: tuple[Answer, ...]
    reviews: tuple[Reason, ...]
    missing: tuple[Missing, ...]
    would_change: tuple[Change, ...]

    def to_json(self) -> Json:
        """The receipt as JSON's own types."""
        return {
            "agency": self.agency,
            "outcome": self.outcome,
            "directory": self.directory,
            "received_on": self.received_on.isoformat(),
            "releases": dict(self.releases),
            "children": dict(self.children),
            "clauses": [_answer_to_json(answer) for answer in self.clauses],
            "reviews": [{"id": item.id, "child": item.child, "reason": item.reason} for item in self.reviews],
            "missing": [{"child": item.child, "fact": item.fact} for item in self.missing],
            "would_change": [
                {
                    "code": item.code,
                    "child": item.child,
                    "text": item.text,
                    "fact": item.fact,
                    "clause": item.clause,
                    "age": item.age,
                }
                for item in self.would_change
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Receipt":
        """The receipt that `to_json` gave. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            agency=data["agency"],
            outcome=data["outcome"],
            directory=data["directory"],
            received_on=date.fromisoformat(data["received_on"]),
            releases=dict(data["releases"]),
            children=dict(data["children"]),
            clauses=tuple(_answer_from_json(item) for item in data["clauses"]),
            reviews=tuple(Reason(**item) for item in data["reviews"]),
            missing=tuple(Missing(**item) for item in data["missing"]),
            would_change=tuple(Change(**item) for item in data["would_change"]),
        )


def _answer_to_json(answer: Answer) -> Json:
    about = answer.about
    return {
        "id": about.id,
        "part": about.part,
        "fact": about.fact,
        "answer": _WORDS[answer.answer],
        "used": [
            {
                "child": child,
                "value": [value.low, value.high] if isinstance(value, Interval) else value,
                "basis": basis,
            }
            for child, value, basis in answer.used
        ],
        "sentence": about.sentence,
        "source": about.source,
        "interpretation": about.interpretation,
    }


def _answer_from_json(data: Mapping[str, Any]) -> Answer:
    about = About(data["id"], data["part"], data["fact"], data["sentence"], data["source"], data["interpretation"])
    used = tuple(
        Used(
            item["child"],
            Interval(*item["value"]) if isinstance(item["value"], list) else item["value"],
            item["basis"],
        )
        for item in data["used"]
    )
    return Answer(about, _TRUTHS[data["answer"]], used)
