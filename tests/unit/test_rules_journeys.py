"""The families that the rules must get right, held against the directory that comes with Waypost."""

import pytest

from shared.rules import Facts, Interval
from tests.unit.rules_factory import (
    ELMBRIDGE,
    HALTON,
    HULL,
    KINGSTON,
    LEEDS,
    LIVERPOOL,
    RICHMOND,
    SURREY_SCHOOL,
    WIRRAL,
    a_child,
    a_consultation,
    a_family,
    decisions,
    outcomes,
)


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(a_family(lives_in=KINGSTON), id="the home"),
        pytest.param(a_family(a_child(school_in=KINGSTON), lives_in=ELMBRIDGE), id="a school, with a home in Surrey"),
        pytest.param(a_family(a_child(gp_in=KINGSTON), lives_in=RICHMOND), id="a GP, with a home in Richmond"),
        pytest.param(a_family(a_child(), a_child("child-2", school_in=KINGSTON)), id="one of two children's school"),
    ],
)
def test_one_tie_to_kingston_is_enough_for_families_apart(family: Facts) -> None:
    decided = decisions(family)

    assert decided["families-apart"].outcome == "eligible"
    assert set(decided["families-apart"].covered) == {child.id for child in family.children}
    assert decided["time-matters"].outcome == "ineligible"


def test_in_merseyside_the_child_of_four_is_told_from_what_age_and_the_others_are_covered() -> None:
    family = a_family(a_child("c4", 4), a_child("c9", 9), a_child("c17", 17), lives_in=LIVERPOOL)

    decision = decisions(family)["time-matters"]

    assert decision.outcome == "eligible"
    assert decision.children == {"c4": "ineligible", "c9": "eligible", "c17": "eligible"}
    assert decision.covered == ("c9", "c17")
    (change,) = decision.receipt.would_change
    assert (change.code, change.child, change.age, change.text) == ("will-reach-age", "c4", 5, "eligible from age 5")


@pytest.mark.parametrize(("age", "outcome"), [(4, "ineligible"), (5, "eligible"), (18, "eligible"), (19, "ineligible")])
def test_time_matters_is_for_ages_5_to_18_inclusive(age: int, outcome: str) -> None:
    assert outcomes(a_family(a_child(age=age), lives_in=WIRRAL))["time-matters"] == outcome


def test_nobody_grows_younger_so_nothing_would_change_for_an_age_of_19() -> None:
    decision = decisions(a_family(a_child(age=19), lives_in=WIRRAL))["time-matters"]

    assert decision.receipt.would_change == ()


def test_halton_goes_to_review_with_its_reason_and_not_to_a_refusal() -> None:
    decision = decisions(a_family(a_child(school_in=None), lives_in=HALTON))["time-matters"]

    assert decision.outcome == "review"
    assert [(reason.id, reason.child) for reason in decision.receipt.reviews] == [("halton", None)]
    assert "eligible if a referred child attends a school in Merseyside" in [
        change.text for change in decision.receipt.would_change
    ]


def test_a_school_in_merseyside_needs_no_review_though_the_home_is_in_halton() -> None:
    assert outcomes(a_family(a_child(school_in=LIVERPOOL), lives_in=HALTON))["time-matters"] == "eligible"


def test_halton_does_not_turn_a_published_refusal_into_a_review() -> None:
    too_young = a_family(a_child(age=3), lives_in=HALTON)
    released = a_family(lives_in=HALTON, stage="released", months_since_release=Interval(1, 1))

    assert outcomes(too_young)["time-matters"] == "ineligible"
    assert outcomes(released)["time-matters"] == "ineligible"


def test_hull_is_not_kingston_and_neither_agency_takes_the_family() -> None:
    decided = decisions(a_family(a_child(school_in=HULL, gp_in=HULL), lives_in=HULL))

    assert {agency: decision.outcome for agency, decision in decided.items()} == {
        "families-apart": "ineligible",
        "time-matters": "ineligible",
    }
    assert [change.text for change in decided["families-apart"].receipt.would_change] == [
        "eligible if the family lives in the Royal Borough of Kingston upon Thames",
        "eligible if a referred child attends a Kingston school",
        "eligible if a referred child is registered with a Kingston GP",
    ]


def test_a_home_in_kingston_and_a_school_in_wirral_are_eligible_for_both() -> None:
    assert outcomes(a_family(a_child(school_in=WIRRAL), lives_in=KINGSTON)) == {
        "families-apart": "eligible",
        "time-matters": "eligible",
    }


@pytest.mark.parametrize(
    ("months", "outcome"),
    [
        (Interval(3, 3), "eligible"),
        (Interval(4, 4), "ineligible"),
        (Interval(3, 4), "needs-information"),
        (None, "needs-information"),
    ],
)
def test_families_apart_supports_up_to_three_months_after_release(months: Interval | None, outcome: str) -> None:
    decision = decisions(a_family(lives_in=KINGSTON, stage="released", months_since_release=months))["families-apart"]

    assert decision.outcome == outcome
    assert decision.missing == (("released_on",) if outcome == "needs-information" else ())


def test_released_four_months_ago_neither_agency_takes_the_family() -> None:
    family = a_family(
        a_child(school_in=WIRRAL), lives_in=KINGSTON, stage="released", months_since_release=Interval(4, 4)
    )

    assert set(outcomes(family).values()) == {"ineligible"}


@pytest.mark.parametrize(
    ("stage", "families_apart", "time_matters"),
    [
        ("sentenced", "eligible", "eligible"),
        ("remand", "eligible", "eligible"),
        ("awaiting-sentence", "review", "eligible"),
        (None, "needs-information", "needs-information"),
    ],
)
def test_what_each_stage_before_release_means(stage: str | None, families_apart: str, time_matters: str) -> None:
    decided = decisions(a_family(a_child(school_in=WIRRAL), lives_in=KINGSTON, stage=stage))

    assert decided["families-apart"].outcome == families_apart
    assert decided["time-matters"].outcome == time_matters
    if stage is None:
        assert decided["families-apart"].missing == decided["time-matters"].missing == ("stage",)


@pytest.mark.parametrize("relationship", ["sibling", "other"])
def test_another_relative_than_parent_or_carer_is_reviewed_for_time_matters_only(relationship: str) -> None:
    family = a_family(a_child(school_in=WIRRAL), lives_in=KINGSTON, relationship=relationship)

    assert outcomes(family) == {"families-apart": "eligible", "time-matters": "review"}


def test_another_relative_is_no_review_where_the_family_is_out_of_area_anyway() -> None:
    assert outcomes(a_family(relationship="sibling"))["time-matters"] == "ineligible"


def test_a_tie_to_merseyside_stands_though_it_is_not_known_whether_there_is_one_to_halton() -> None:
    family = a_family(a_child(school_in=None), lives_in=LIVERPOOL, relationship="sibling")

    assert outcomes(family)["time-matters"] == "review"


def test_only_adults_are_reviewed_for_families_apart_but_not_beside_a_younger_child() -> None:
    alone = a_family(a_child(age=18), lives_in=KINGSTON)
    beside_a_younger = a_family(a_child("c18", 18), a_child("c9", 9), lives_in=KINGSTON)

    assert outcomes(alone)["families-apart"] == "review"
    assert decisions(beside_a_younger)["families-apart"].covered == ("c18", "c9")


def test_a_consultation_about_kingston_is_for_families_apart_and_no_other() -> None:
    assert outcomes(a_consultation(KINGSTON)) == {"families-apart": "eligible", "time-matters": "ineligible"}
    assert set(outcomes(a_consultation(LEEDS)).values()) == {"ineligible"}
    assert outcomes(a_consultation(KINGSTON, referrer_type="family"))["families-apart"] == "ineligible"


def test_a_home_without_a_district_is_asked_for_and_not_taken_as_outside() -> None:
    decided = decisions(a_family(lives_in=None))

    assert {decision.outcome for decision in decided.values()} == {"needs-information"}
    assert decided["families-apart"].missing == ("home",)


def test_exactly_the_facts_are_asked_for_that_could_still_decide() -> None:
    family = a_family(a_child("c9", 9, school_in=None), a_child("c7", 7, gp_in=None), lives_in=ELMBRIDGE)

    decided = decisions(family)

    assert decided["families-apart"].outcome == "needs-information"
    assert set(decided["families-apart"].receipt.missing) == {("c9", "school"), ("c7", "practice")}
    assert set(decided["time-matters"].receipt.missing) == {("c9", "school")}


def test_a_school_that_is_not_known_is_not_asked_for_when_it_decides_nothing() -> None:
    in_area = a_family(a_child(school_in=None, gp_in=None), lives_in=KINGSTON)
    too_young = a_family(a_child(age=3, school_in=None), lives_in=KINGSTON)

    assert decisions(in_area)["families-apart"].missing == ()
    assert decisions(too_young)["time-matters"].outcome == "ineligible"


def test_a_county_school_is_known_to_be_outside() -> None:
    decided = decisions(a_family(a_child(school_in=SURREY_SCHOOL), lives_in=ELMBRIDGE))

    assert {decision.outcome for decision in decided.values()} == {"ineligible"}


def test_an_unknown_age_is_asked_for_where_an_age_is_published() -> None:
    decided = decisions(a_family(a_child(age=None, school_in=WIRRAL), lives_in=KINGSTON))

    assert decided["time-matters"].receipt.missing == (("child-1", "age"),)
    assert decided["families-apart"].outcome == "eligible"
