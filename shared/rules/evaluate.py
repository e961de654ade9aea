"""One agency's rules, evaluated: once for the family, then for each child; the agency's outcome follows from theirs.

A child's outcome, by the rules of family and child together:
- `eligible`: they say yes, and no review asks for a person even then;
- `review`: they say yes and such a review holds, or they would say yes if a person let pass what a review covers;
- `needs-information`: facts that are not known decide it;
- `ineligible`: they say no, whatever else becomes known.
The agency's outcome is the best of its children's, in that order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from shared.rules.criteria import Clause, Node, both
from shared.rules.facts import Facts
from shared.rules.part import Part, Reading, Review
from shared.rules.receipt import (
    ELIGIBLE,
    INELIGIBLE,
    NEEDS_INFORMATION,
    OUTCOMES,
    REVIEW,
    Answer,
    Change,
    Missing,
    Reason,
    Receipt,
)

_FACT_NAMES = {
    "age": "the child's age",
    "borough": "the borough that it is about",
    "home": "where the family lives",
    "practice": "the child's GP practice",
    "referrer_type": "who is asking",
    "relationship": "how the relative is related to the child",
    "released_on": "when the relative was released",
    "school": "the child's school",
    "stage": "whether the relative is awaiting sentence, in prison or released",
}


_Readings = list[tuple[str | None, Reading]]
"""The parts read for one child: the family's (whose child is None), then the child's own."""


@dataclass(frozen=True)
class Rules:
    """One agency's rules as written: criteria for the family, each child and a consultation, and reviews."""

    family: Node
    consultation: Node
    child: Node | None = None
    family_reviews: tuple[Review, ...] = ()
    child_reviews: tuple[Review, ...] = ()


@dataclass(frozen=True)
class Context:
    """What a decision was made on, besides facts and rules: directory version, day of receipt, release by data set."""

    directory: str
    received_on: date
    releases: Mapping[str, str]


class CompiledRules:
    """One agency's rules, ready to decide. Raises ValueError for rules that contradict themselves (see Part)."""

    def __init__(self, agency: str, rules: Rules) -> None:
        self.agency = agency
        self._family = Part(rules.family, rules.family_reviews)
        self._child = Part(rules.child, rules.child_reviews) if rules.child else None
        self._consultation = Part(rules.consultation)

    def decide(self, facts: Facts, context: Context) -> Receipt:
        """The decision on one referral, with its whole reasoning."""
        family = (self._consultation if facts.kind == "consultation" else self._family).read(facts)
        clauses = family.clauses
        outcomes: dict[str, str] = {}
        found: list[str] = []
        reviews: list[Reason] = []
        missing: list[Missing] = []
        changes: list[Change] = []
        for child in facts.children or (None,):
            readings: _Readings = [(None, family)]
            if child is not None and self._child is not None:
                reading = self._child.read(facts, child)
                readings.append((child.id, reading))
                clauses += reading.clauses
            outcome = _outcome(readings)
            found.append(outcome)
            if child is not None:
                outcomes[child.id] = outcome
            if outcome == REVIEW:
                reviews += _reasons(readings)
            if outcome == NEEDS_INFORMATION:
                missing += [item for _, each in readings for item in each.missing(facts)]
            elif outcome != ELIGIBLE:
                changes += _ways(readings)
        missing = list(dict.fromkeys(missing))
        changes += [_needs(item) for item in missing]
        return Receipt(
            agency=self.agency,
            outcome=min(found, key=OUTCOMES.index),
            directory=context.directory,
            received_on=context.received_on,
            releases=context.releases,
            children=outcomes,
            clauses=clauses,
            reviews=tuple(dict.fromkeys(reviews)),
            missing=tuple(missing),
            would_change=tuple(dict.fromkeys(changes)),
        )


def _outcome(readings: _Readings) -> str:
    answer, relaxed = readings[0][1].answer, readings[0][1].relaxed
    for _, reading in readings[1:]:
        answer, relaxed = both(answer, reading.answer), both(relaxed, reading.relaxed)
    if answer:
        return REVIEW if any(reading.insists for _, reading in readings) else ELIGIBLE
    if relaxed:
        return REVIEW
    return NEEDS_INFORMATION if relaxed is None else INELIGIBLE


def _reasons(readings: _Readings) -> Iterator[Reason]:
    for child, reading in readings:
        for review in reading.reviews:
            yield Reason(review.id, child, review.reason)


def _ways(readings: _Readings) -> Iterator[Change]:
    """What alone would make these readings say yes; nothing when two of them would have to change."""
    short = [(child, reading) for child, reading in readings if not reading.answer]
    if len(short) != 1:
        return
    child, reading = short[0]
    for clause, answer in reading.ways():
        age = _age_to_reach(clause, answer)
        if age is not None:
            yield Change("will-reach-age", child, f"eligible from age {age}", clause=clause.about.id, age=age)
        elif clause.eligible_if is not None:
            yield Change("eligible-if", child, f"eligible if {clause.eligible_if}", clause=clause.about.id)


def _age_to_reach(clause: Clause, answer: Answer) -> int | None:
    if clause.about.fact != "age" or clause.low is None:
        return None
    age = answer.used[0].value
    return clause.low if isinstance(age, int) and age < clause.low else None


def _needs(item: Missing) -> Change:
    return Change("needs-fact", item.child, f"needs: {_FACT_NAMES.get(item.fact, item.fact)}", fact=item.fact)
