"""What an event says of a referral is what the rules are asked about: nothing more, nothing guessed."""

from datetime import date

import pytest

from services.eligibility.domain import as_code, outcome_of
from shared.directory import load_directory
from shared.rules import ChildFacts, Facts, Interval, Place, facts_of

DATA = {
    "kind": "family-support",
    "referrer_type": "gp",
    "relationship": "parent",
    "stage": "released",
    "months_since_release": {"low": 2, "high": 3},
    "home": {"place": "E09000021", "basis": "postcode"},
    "borough": {"place": None, "basis": "not-given"},
    "children": [
        {
            "id": "child-1",
            "age": 9,
            "school": {"place": "gias:936", "basis": "urn"},
            "practice": {"place": None, "basis": "not-found"},
        }
    ],
}


def test_every_fact_of_the_event_is_asked_about() -> None:
    assert facts_of(DATA) == Facts(
        kind="family-support",
        referrer_type="gp",
        relationship="parent",
        stage="released",
        months_since_release=Interval(2, 3),
        home=Place("E09000021", "postcode"),
        borough=Place(None, "not-given"),
        children=(ChildFacts("child-1", 9, Place("gias:936", "urn"), Place(None, "not-found")),),
    )


def test_what_is_not_known_stays_unknown() -> None:
    facts = facts_of(DATA | {"months_since_release": None, "stage": None, "relationship": None})
    assert (facts.months_since_release, facts.stage, facts.relationship) == (None, None, None)


def test_facts_of_no_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="kind is one of"):
        facts_of(DATA | {"kind": "something-else"})


def test_an_outcome_says_what_the_decision_says() -> None:
    directory = load_directory()
    (decision, *_) = directory.assess(facts_of(DATA), date(2026, 11, 20), {})
    outcome = outcome_of(decision)
    assert (outcome["agency"], outcome["outcome"]) == ("families-apart", "eligible")
    assert outcome["children"] == {"child-1": "eligible"}
    assert outcome["receipt"]["directory"] == directory.version


def test_names_of_facts_become_codes() -> None:
    assert as_code("released_on") == "released-on"
    assert as_code("home") == "home"
