"""Three-valued logic, and what it promises: an answer, once given, stands when more becomes known."""

import json
from dataclasses import fields, replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.rules import ChildFacts, Facts, Interval, Place, Receipt
from shared.rules.criteria import AllOf, AnyOf, Clause, Node, Not, both, compile_tree, either, negate
from shared.rules.receipt import About, Truth
from tests.unit.rules_factory import DIRECTORY, HALTON, KINGSTON, LEEDS, RECEIVED, RELEASES, WIRRAL, a_family, decisions

truths = some.sampled_from([True, False, None])


def clause(name: str) -> Clause:
    return Clause(About(name, "criteria", "age", None, None, "Made up."), low=1)


NAMES = ("a", "b", "c", "d")
trees: some.SearchStrategy[Node] = some.recursive(
    some.sampled_from(NAMES).map(clause),
    lambda inner: some.one_of(
        inner.map(Not),
        some.lists(inner, min_size=1, max_size=3).map(lambda items: AllOf(tuple(items))),
        some.lists(inner, min_size=1, max_size=3).map(lambda items: AnyOf(tuple(items))),
    ),
    max_leaves=8,
)


def answer_of(tree: Node, answers: tuple[Truth, ...]) -> Truth:
    return compile_tree(tree, {name: place for place, name in enumerate(NAMES)}).answer(answers)


@given(truths, truths, truths)
def test_and_or_and_not_obey_kleenes_laws(a: Truth, b: Truth, c: Truth) -> None:
    assert negate(negate(a)) is a
    assert both(a, b) is both(b, a)
    assert either(a, b) is either(b, a)
    assert both(a, both(b, c)) is both(both(a, b), c)
    assert negate(both(a, b)) is either(negate(a), negate(b))
    assert both(a, either(b, c)) is either(both(a, b), both(a, c))
    assert both(a, either(a, b)) is a


def test_unknown_decides_nothing_alone_and_is_overruled_by_what_does() -> None:
    assert both(None, True) is None
    assert both(None, False) is False
    assert either(None, False) is None
    assert either(None, True) is True
    assert negate(None) is None


@given(trees, some.tuples(truths, truths, truths, truths))
def test_a_tree_that_has_an_answer_keeps_it_however_the_unknowns_turn_out(
    tree: Node, answers: tuple[Truth, ...]
) -> None:
    answer = answer_of(tree, answers)

    if answer is not None:
        for known in product(*[(True, False) if item is None else (item,) for item in answers]):
            assert answer_of(tree, known) is answer


places = some.sampled_from([KINGSTON, WIRRAL, HALTON, LEEDS, "gias:936", None]).map(
    lambda code: Place(code, "postcode" if code else "not-given")
)
children = some.tuples(some.one_of(some.none(), some.integers(0, 20)), places, places)
families = some.builds(
    lambda facts, children: replace(
        facts, children=tuple(ChildFacts(f"c{number}", *child) for number, child in enumerate(children))
    ),
    some.builds(
        a_family,
        lives_in=some.sampled_from([KINGSTON, WIRRAL, HALTON, LEEDS, None]),
        relationship=some.sampled_from(["parent", "carer", "sibling", "other", None]),
        stage=some.sampled_from(["awaiting-sentence", "remand", "sentenced", "released", None]),
        months_since_release=some.one_of(some.none(), some.integers(0, 6).map(lambda low: Interval(low, low + 1))),
    ),
    some.lists(children, min_size=1, max_size=3),
)


def filled(facts: Facts, other: Facts) -> Facts:
    """The family with every unknown fact taken from another family."""

    def place(mine: Place, theirs: Place) -> Place:
        return theirs if mine.code is None else mine

    model = other.children[0]
    return replace(
        facts,
        relationship=facts.relationship or other.relationship,
        stage=facts.stage or other.stage,
        months_since_release=facts.months_since_release or other.months_since_release,
        home=place(facts.home, other.home),
        children=tuple(
            ChildFacts(
                child.id,
                model.age if child.age is None else child.age,
                place(child.school, model.school),
                place(child.practice, model.practice),
            )
            for child in facts.children
        ),
    )


MAY_BECOME = {
    "ineligible": {"ineligible"},
    "eligible": {"eligible", "review"},
    "review": {"eligible", "review"},
    "needs-information": {"eligible", "review", "needs-information", "ineligible"},
}


@given(families, families)
def test_knowing_more_never_turns_a_yes_into_a_no_nor_a_no_into_anything_else(facts: Facts, more: Facts) -> None:
    before, after = decisions(facts), decisions(filled(facts, more))

    for agency, decision in before.items():
        assert after[agency].outcome in MAY_BECOME[decision.outcome]
        for child, outcome in decision.children.items():
            assert after[agency].children[child] in MAY_BECOME[outcome]


@given(families, families)
def test_whoever_supplies_what_is_missing_is_not_asked_again(facts: Facts, more: Facts) -> None:
    answers = filled(replace(more, months_since_release=Interval(2, 2)), a_family())
    for decision in decisions(facts).values():
        asked = set(decision.receipt.missing)
        supplied = replace(
            facts,
            stage=answers.stage if (None, "stage") in asked else facts.stage,
            relationship=answers.relationship if (None, "relationship") in asked else facts.relationship,
            # Who says that the relative was released is asked when, once that is known.
            months_since_release=answers.months_since_release
            if asked & {(None, "released_on"), (None, "stage")}
            else facts.months_since_release,
            home=answers.home if (None, "home") in asked else facts.home,
            children=tuple(
                ChildFacts(
                    child.id,
                    9 if (child.id, "age") in asked else child.age,
                    answers.children[0].school if (child.id, "school") in asked else child.school,
                    answers.children[0].practice if (child.id, "practice") in asked else child.practice,
                )
                for child in facts.children
            ),
        )
        assert decisions(supplied)[decision.agency].outcome != "needs-information"


@given(families)
def test_missing_facts_are_named_exactly_when_information_is_needed(facts: Facts) -> None:
    for decision in decisions(facts).values():
        needed = "needs-information" in decision.children.values()
        assert bool(decision.missing) is needed


@given(families)
def test_a_receipt_survives_being_written_as_json(facts: Facts) -> None:
    for decision in DIRECTORY.assess(facts, RECEIVED, RELEASES):
        written = json.dumps(decision.receipt.to_json())

        assert Receipt.from_json(json.loads(written)) == decision.receipt


@given(families)
def test_a_receipt_holds_nothing_but_public_words_codes_and_ages(facts: Facts) -> None:
    public = {"given", "not-given", "postcode", "urn", "ods", "no-district"}
    public |= {KINGSTON, WIRRAL, HALTON, LEEDS, "gias:936"} | {child.id for child in facts.children}
    for decision in DIRECTORY.assess(facts, RECEIVED, RELEASES):
        for item in decision.receipt.to_json()["clauses"]:
            for used in item["used"]:
                if item["fact"] in ("stage", "relationship", "kind"):
                    continue
                assert {used["basis"]} | ({used["value"]} if isinstance(used["value"], str) else set()) <= public


def test_facts_have_no_field_for_who_somebody_is() -> None:
    assert {field.name for field in fields(Facts)} | {field.name for field in fields(ChildFacts)} == {
        *("kind", "referrer_type", "relationship", "stage", "months_since_release", "home", "borough", "children"),
        *("id", "age", "school", "practice"),
    }


@pytest.mark.parametrize("code", ["KT1 1AA", "Kingston", "E0900002", "gias:12"])
def test_a_postcode_or_name_cannot_pass_for_a_district(code: str) -> None:
    with pytest.raises(ValueError, match="district"):
        Place(code, "postcode")


def test_a_name_or_free_text_cannot_pass_for_an_id_or_a_code() -> None:
    with pytest.raises(ValueError, match="id"):
        ChildFacts("Test Child", 9)
    with pytest.raises(ValueError, match="stage"):
        a_family(stage="in prison since May")
    with pytest.raises(ValueError, match="relationship"):
        a_family(relationship="his uncle")


def test_family_support_is_for_children_and_a_consultation_names_none() -> None:
    with pytest.raises(ValueError, match="child"):
        Facts(kind="family-support", referrer_type="school")
    with pytest.raises(ValueError, match="child"):
        Facts(kind="consultation", referrer_type="school", children=(ChildFacts("c1", 9),))
