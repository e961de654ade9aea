"""What a receipt tells the people who read it."""

import pytest

from shared.rules import Interval
from tests.unit.rules_factory import (
    DIRECTORY,
    HALTON,
    KINGSTON,
    LIVERPOOL,
    a_child,
    a_consultation,
    a_family,
    decisions,
)


def test_a_receipt_names_agency_outcome_directory_day_and_data() -> None:
    receipt = decisions(a_family(lives_in=KINGSTON))["families-apart"].receipt.to_json()

    assert receipt["agency"] == "families-apart"
    assert receipt["outcome"] == "eligible"
    assert receipt["directory"] == DIRECTORY.version
    assert receipt["received_on"] == "2026-11-21"
    assert receipt["releases"] == {"postcodes": "2026-08"}


def test_each_clause_shows_answer_fact_and_the_published_sentence_it_rests_on() -> None:
    receipt = decisions(a_family(lives_in=KINGSTON))["families-apart"].receipt.to_json()
    clause = next(item for item in receipt["clauses"] if item["id"] == "home-in-kingston")

    assert clause["answer"] == "true"
    assert clause["fact"] == "home"
    assert clause["used"] == [{"child": None, "value": KINGSTON, "basis": "postcode"}]
    assert clause["sentence"] == "Be residents of the Kingston Borough"
    assert clause["source"] == "Families Apart project page, Kingston WelCare"
    assert clause["interpretation"].startswith("The district of the home's postcode")


def test_a_clause_about_any_child_shows_what_was_known_of_each() -> None:
    family = a_family(a_child("c1", school_in=None), a_child("c2", school_in=KINGSTON))
    receipt = decisions(family)["families-apart"].receipt.to_json()
    clause = next(item for item in receipt["clauses"] if item["id"] == "school-in-kingston")

    assert clause["answer"] == "true"
    assert clause["used"] == [
        {"child": "c1", "value": None, "basis": "not-given"},
        {"child": "c2", "value": KINGSTON, "basis": "urn"},
    ]


def test_each_childs_age_is_answered_by_itself() -> None:
    receipt = decisions(a_family(a_child("c4", 4), a_child("c9", 9), lives_in=LIVERPOOL))["time-matters"].receipt
    ages = [(clause.used[0].child, clause.answer) for clause in receipt.clauses if clause.about.fact == "age"]

    assert ages == [("c4", False), ("c9", True)]


def test_clauses_that_only_send_to_a_person_are_marked_as_such() -> None:
    receipt = decisions(a_family(lives_in=HALTON))["time-matters"].receipt
    parts = {clause.about.id: clause.about.part for clause in receipt.clauses}

    assert parts["home-in-halton"] == "review"
    assert parts["home-in-merseyside"] == "criteria"


def test_what_is_missing_is_said_in_a_sentence_with_the_child_it_is_about() -> None:
    receipt = decisions(a_family(a_child("c9", school_in=None)))["time-matters"].receipt

    (change,) = receipt.would_change
    assert (change.code, change.child, change.fact, change.text) == (
        "needs-fact",
        "c9",
        "school",
        "needs: the child's school",
    )


def test_nothing_is_said_to_change_the_answer_that_would_not_do_so_alone() -> None:
    out_of_area_and_too_young = a_family(a_child(age=3))
    out_of_area_and_too_late = a_family(stage="released", months_since_release=Interval(4, 4))

    assert decisions(out_of_area_and_too_young)["time-matters"].receipt.would_change == ()
    assert decisions(out_of_area_and_too_late)["families-apart"].receipt.would_change == ()


@pytest.mark.parametrize(
    ("lives_in", "said"), [(None, {"missing", "would_change"}), (KINGSTON, {"would_change"}), (HALTON, {"reviews"})]
)
def test_what_holds_for_two_children_is_said_once(lives_in: str | None, said: set[str]) -> None:
    receipt = decisions(a_family(a_child("c1"), a_child("c2"), lives_in=lives_in))["time-matters"].receipt.to_json()

    for part in ("missing", "would_change", "reviews"):
        lines = [str(line) for line in receipt[part]]
        assert len(lines) == len(set(lines))
        assert bool(lines) or part not in said


def test_an_agency_without_consultation_says_so() -> None:
    (clause,) = decisions(a_consultation(KINGSTON))["time-matters"].receipt.clauses

    assert clause.answer is False
    assert clause.about.interpretation == "Time Matters UK publishes no consultation for professionals."
