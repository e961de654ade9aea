"""Criteria: a tree of `all`, `any` and `not` over clauses, answered true, false or unknown (None).

The logic is Kleene's: unknown stays unknown unless the rest decides alone. So an answer of true or false never changes
when more becomes known, as long as what was known stays.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.rules.facts import ANY_CHILD, CHILD_FACTS, FAMILY_FACTS, ChildFacts, Facts, Interval, Value
from shared.rules.receipt import About, Truth, Used

Answers = Sequence[Truth]
Ask = Callable[[Facts, ChildFacts | None], tuple[Truth, tuple[Used, ...]]]


@dataclass(frozen=True)
class Clause:
    """One question about one fact: is it one of `allowed`, or a number from `low` to `high` (None: no bound)?

    `eligible_if` ends the sentence "eligible if …" for a reader who could make the clause true.
    """

    about: About
    allowed: frozenset[str] | None = None
    low: int | None = None
    high: int | None = None
    eligible_if: str | None = None


@dataclass(frozen=True)
class AllOf:
    """True when every item is."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """True when one item is."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """True when the item is false."""

    item: "Node"


Node = Clause | AllOf | AnyOf | Not


def clauses_of(node: Node) -> Iterator[Clause]:
    """The clauses of a tree, as written from top to bottom."""
    match node:
        case Clause():
            yield node
        case Not(item):
            yield from clauses_of(item)
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from clauses_of(item)


@dataclass(frozen=True, slots=True)
class Tree:
    """A compiled node.

    `answer` gives its answer from the clauses' answers. A clause has a `place` in that list, others `items`.
    """

    answer: Callable[[Answers], Truth]
    node: Node
    place: int = -1
    items: tuple["Tree", ...] = ()


def compile_tree(node: Node, position: Mapping[str, int]) -> Tree:
    """The tree, compiled; `position` tells which clause id is where in the list of answers."""
    match node:
        case Clause(about):
            place = position[about.id]
            return Tree(lambda answers: answers[place], node, place=place)
        case Not(item):
            inner = compile_tree(item, position)
            return Tree(lambda answers: negate(inner.answer(answers)), node, items=(inner,))
        case AllOf(items) | AnyOf(items):
            trees = tuple(compile_tree(item, position) for item in items)
            return Tree(_decided_by(isinstance(node, AnyOf), trees), node, items=trees)


def negate(answer: Truth) -> Truth:
    """Kleene's not."""
    return None if answer is None else not answer


def either(one: Truth, other: Truth) -> Truth:
    """Kleene's or."""
    if one or other:
        return True
    return None if one is None or other is None else False


def both(one: Truth, other: Truth) -> Truth:
    """Kleene's and."""
    return negate(either(negate(one), negate(other)))


def _decided_by(deciding: bool, trees: tuple[Tree, ...]) -> Callable[[Answers], Truth]:
    """One item that answers `deciding` settles it; else one unknown item leaves it unknown."""

    functions = [tree.answer for tree in trees]

    def decided(answers: Answers) -> Truth:
        result: Truth = not deciding
        for function in functions:
            answer = function(answers)
            if answer is deciding:
                return deciding
            if answer is None:
                result = None
        return result

    return decided


def compile_clause(clause: Clause) -> Ask:
    """A function from the facts (and the child, for a clause about each child) to the answer and what it rests on."""
    name, test = clause.about.fact, _test(clause)
    if name in FAMILY_FACTS:
        of_family = FAMILY_FACTS[name]

        def ask_family(facts: Facts, child: ChildFacts | None) -> tuple[Truth, tuple[Used, ...]]:
            value, basis = of_family(facts)
            return test(value), (Used(None, value, basis),)

        return ask_family
    of_child = CHILD_FACTS[name.removeprefix(ANY_CHILD)]
    if not name.startswith(ANY_CHILD):

        def ask_child(facts: Facts, child: ChildFacts | None) -> tuple[Truth, tuple[Used, ...]]:
            assert child is not None, "A clause about each child was asked about the family."
            value, basis = of_child(child)
            return test(value), (Used(child.id, value, basis),)

        return ask_child

    def ask_any_child(facts: Facts, child: ChildFacts | None) -> tuple[Truth, tuple[Used, ...]]:
        answer: Truth = False
        used = []
        for each in facts.children:
            value, basis = of_child(each)
            answer = either(answer, test(value))
            used.append(Used(each.id, value, basis))
        return answer, tuple(used)

    return ask_any_child


def _test(clause: Clause) -> Callable[[Value], Truth]:
    allowed = clause.allowed
    if allowed is not None:
        return lambda value: None if value is None else value in allowed
    low = float("-inf") if clause.low is None else clause.low
    high = float("inf") if clause.high is None else clause.high

    def within(value: Value) -> Truth:
        if isinstance(value, int):
            return low <= value <= high
        if not isinstance(value, Interval):
            return None
        if low <= value.low and value.high <= high:
            return True
        return False if value.high < low or high < value.low else None

    return within
