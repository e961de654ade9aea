"""One part of an agency's rules (for the family, each child, or a consultation), compiled, and one reading of it.

A part is a tree of criteria, and reviews beside it. A review says where a person decides instead of the rules: where it
holds, the clauses that it names count as met in the *relaxed* answer. So `answer` is what the rules say alone, and
`relaxed` what they would say if a person let those clauses pass; relaxed is never less than answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.rules.criteria import (
    AllOf,
    Answers,
    AnyOf,
    Clause,
    Node,
    Not,
    Tree,
    clauses_of,
    compile_clause,
    compile_tree,
    either,
)
from shared.rules.facts import ANY_CHILD, ChildFacts, Facts, Interval
from shared.rules.receipt import Answer, Missing, Truth


@dataclass(frozen=True)
class Review:
    """A person decides when `when` is true: where the clauses `instead_of` would refuse, or `even_if_eligible`."""

    id: str
    when: Node
    reason: str
    instead_of: tuple[str, ...] = ()
    even_if_eligible: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A part read on one family's facts, or on one child's: every clause's answer, and the two answers of the whole."""

    part: "Part"
    clauses: tuple[Answer, ...]
    answers: Answers
    relaxed_answers: Answers
    answer: Truth
    relaxed: Truth
    reviews: tuple[Review, ...]

    @property
    def insists(self) -> bool:
        """Whether a review holds that asks for a person even where the rules say yes."""
        return any(review.even_if_eligible for review in self.reviews)

    def missing(self, facts: Facts) -> Iterator[Missing]:
        """The unknown facts that leave the relaxed answer unknown."""
        for place in self.part.unknowns(self.part.tree, self.relaxed_answers, self.answers):
            about, _, used = self.clauses[place]
            name = about.fact.removeprefix(ANY_CHILD)
            if name == "months_since_release":
                # Nobody is asked when the relative was released before it is known that they were.
                name = "stage" if facts.stage is None else "released_on"
            yield from (
                Missing(item.child, name) for item in used if item.value is None or type(item.value) is Interval
            )

    def ways(self) -> list[tuple[Clause, Answer]]:
        """The clauses of which any one, if it were true, would make the answer true."""
        places = _single_ways(self.part.tree, self.answers)
        return [(self.part.clauses[place], self.clauses[place]) for place in places]


class Part:
    """A part of the rules, compiled once; `read` is called for each family or child."""

    def __init__(self, criteria: Node, reviews: Sequence[Review] = ()) -> None:
        """Clause ids must differ within the part, and reviews name clauses of the criteria; else ValueError."""
        self.clauses = [
            clause for node in (criteria, *(review.when for review in reviews)) for clause in clauses_of(node)
        ]
        position = {clause.about.id: place for place, clause in enumerate(self.clauses)}
        named = {clause_id for review in reviews for clause_id in review.instead_of}
        if len(position) < len(self.clauses) or not named <= {clause.about.id for clause in clauses_of(criteria)}:
            raise ValueError("Clause ids must differ, and a review must name clauses of the criteria.")
        self._asks = [(clause.about, compile_clause(clause)) for clause in self.clauses]
        self.tree = compile_tree(criteria, position)
        self._whens: list[tuple[Review, Tree, list[int]]] = [
            (review, compile_tree(review.when, position), [position[name] for name in review.instead_of])
            for review in reviews
        ]

    def read(self, facts: Facts, child: ChildFacts | None = None) -> Reading:
        """The part's answers on these facts; `child` is given for a part about each child."""
        clauses = tuple([Answer(about, *ask(facts, child)) for about, ask in self._asks])
        answers = relaxed_answers = [item.answer for item in clauses]
        holding: tuple[Review, ...] = ()
        for review, when, waived in self._whens:
            holds = when.answer(answers)
            if holds is False:
                continue
            if holds:
                holding += (review,)
            if waived:
                relaxed_answers = list(relaxed_answers)
                for place in waived:
                    relaxed_answers[place] = either(relaxed_answers[place], holds)
        answer = self.tree.answer(answers)
        relaxed = answer if relaxed_answers is answers else self.tree.answer(relaxed_answers)
        return Reading(self, clauses, answers, relaxed_answers, answer, relaxed, holding)

    def unknowns(self, tree: Tree, relaxed: Answers, answers: Answers) -> Iterator[int]:
        """Where the clauses stand that leave an unknown tree unknown; nothing for a tree that is not."""
        if tree.answer(relaxed) is not None:
            return
        for item in tree.items:
            yield from self.unknowns(item, relaxed, answers)
        if not tree.items:
            if answers[tree.place] is None:
                yield tree.place
            for _, when, waived in self._whens:
                if tree.place in waived:
                    yield from self.unknowns(when, answers, answers)


def _single_ways(tree: Tree, answers: Answers) -> list[int]:
    match tree.node:
        case Clause():
            return [tree.place]
        case AnyOf():
            return [place for item in tree.items for place in _single_ways(item, answers)]
        case AllOf():
            short = [item for item in tree.items if not item.answer(answers)]
            return _single_ways(short[0], answers) if len(short) == 1 else []
        case Not():
            return []
