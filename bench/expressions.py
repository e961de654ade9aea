"""An agency's rules as one expression each for families and consultations, in the languages of two rule libraries.

The libraries know two truths and our rules three, so each criterion is written twice: when it is surely true, and when it
is surely false. What neither says is unknown. An expression answers a list: the outcome for each child.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shared.rules.criteria import AllOf, AnyOf, Clause, Node, Not
from shared.rules.evaluate import CompiledRules
from shared.rules.facts import ANY_CHILD, CHILD_FACTS, ChildFacts, Facts
from shared.rules.part import Part

MONTHS = "months_since_release"


@dataclass(frozen=True)
class Language:
    """How a library writes what differs: a fact of the child at hand, some and every child, and a list over children."""

    of_child: str
    of_each: str
    some: str
    every: str
    for_children: str


LANGUAGES = {
    "rule-engine": Language(
        of_child='child["{}"]',
        of_each='each["{}"]',
        some="$any([({}) for each in children])",
        every="$all([({}) for each in children])",
        for_children="[({}) for child in children]",
    ),
    "zen-engine": Language(
        of_child="#.{}",
        of_each="#.{}",
        some="some(children, {})",
        every="all(children, {})",
        for_children="map(children, {})",
    ),
}


@dataclass(frozen=True)
class _Said:
    """When something is surely true, and when it is surely false."""

    true: str
    false: str


def expressions(rules: CompiledRules, language: Language) -> Mapping[str, str]:
    """By kind of referral. A consultation counts as one child of whom nothing is known."""
    return {
        "family-support": _list(language, [rules._family, *([rules._child] if rules._child else [])]),
        "consultation": _list(language, [rules._consultation]),
    }


def context(facts: Facts) -> dict[str, object]:
    """The facts as the libraries take them; an interval is two numbers."""
    months = facts.months_since_release
    return {
        "kind": facts.kind,
        "referrer_type": facts.referrer_type,
        "relationship": facts.relationship,
        "stage": facts.stage,
        "months_low": months and months.low,
        "months_high": months and months.high,
        "home": facts.home.code,
        "borough": facts.borough.code,
        "children": [_child(child) for child in facts.children] or [{"age": None, "school": None, "practice": None}],
    }


def _child(child: ChildFacts) -> dict[str, object]:
    return {"age": child.age, "school": child.school.code, "practice": child.practice.code}


def _list(language: Language, parts: Iterable[Part]) -> str:
    answers, relaxed, insists = [], [], []
    for part in parts:
        answers.append(_said(part.tree.node, lambda clause: _clause(language, clause)))
        relaxed.append(_said(part.tree.node, _letting_pass(language, part)))
        insists += [
            _said(review.when, lambda clause: _clause(language, clause)).true
            for review, _, _ in part._whens
            if review.even_if_eligible
        ]
    yes = f'(({" or ".join(insists)}) ? "review" : "eligible")' if insists else '"eligible"'
    would, never = _all(relaxed).true, _all(relaxed).false
    each = f'{_all(answers).true} ? {yes} : ({would} ? "review" : ({never} ? "ineligible" : "needs-information"))'
    return language.for_children.format(each)


def _letting_pass(language: Language, part: Part) -> Callable[[Clause], _Said]:
    """Clauses that a review holds instead of count as met where it holds."""

    def said(clause: Clause) -> _Said:
        held = [
            _said(review.when, lambda asked: _clause(language, asked))
            for review, _, _ in part._whens
            if clause.about.id in review.instead_of
        ]
        return _any([_clause(language, clause), *held])

    return said


def _said(node: Node, clause: Callable[[Clause], _Said]) -> _Said:
    match node:
        case Clause():
            return clause(node)
        case Not(item):
            inner = _said(item, clause)
            return _Said(inner.false, inner.true)
        case AllOf(items):
            return _all([_said(item, clause) for item in items])
        case AnyOf(items):
            return _any([_said(item, clause) for item in items])


def _all(items: list[_Said]) -> _Said:
    return _Said(_joined("and", [item.true for item in items]), _joined("or", [item.false for item in items]))


def _any(items: list[_Said]) -> _Said:
    return _Said(_joined("or", [item.true for item in items]), _joined("and", [item.false for item in items]))


def _joined(word: str, items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"({f' {word} '.join(items)})"


def _clause(language: Language, clause: Clause) -> _Said:
    name = clause.about.fact
    if name.startswith(ANY_CHILD):
        of_each = _test(clause, language.of_each.format(name.removeprefix(ANY_CHILD)))
        return _Said(language.some.format(of_each.true), language.every.format(of_each.false))
    return _test(clause, language.of_child.format(name) if name in CHILD_FACTS else name)


def _test(clause: Clause, fact: str) -> _Said:
    if clause.allowed is not None:
        words = ", ".join(f'"{word}"' for word in sorted(clause.allowed))
        known, within = f"{fact} != null", f"{fact} in [{words}]"
        return _Said(f"({known} and {within})", f"({known} and not ({within}))")
    lowest, highest = ("months_low", "months_high") if clause.about.fact == MONTHS else (fact, fact)
    within = " and ".join(
        [f"{lowest} >= {clause.low}"] * (clause.low is not None)
        + [f"{highest} <= {clause.high}"] * (clause.high is not None)
    )
    outside = " or ".join(
        [f"{highest} < {clause.low}"] * (clause.low is not None)
        + [f"{lowest} > {clause.high}"] * (clause.high is not None)
    )
    return _Said(f"({lowest} != null and {within})", f"({lowest} != null and ({outside}))")
