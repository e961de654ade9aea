"""From the facts that `referrals` tells to the assessment that eligibility tells: on both pairs."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from services.eligibility.handlers import HANDLERS
from services.eligibility.service import EligibilityService
from tests.support.deciding import HALTON, KINGSTON, LIVERPOOL, PAIRS, Family, Part, child, pair_in


@pytest.fixture(scope="module", params=PAIRS)
def eligibility(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("eligibility")
    part = Part(pair_in(request, folder), folder, EligibilityService, HANDLERS)
    yield part
    part.close()


def outcomes(part: Part, family: Family) -> dict[str, str]:
    """Agency to outcome, as the last event says."""
    return {each["agency"]: each["outcome"] for each in part.told(family.id)[-1].data["outcomes"]}


def test_facts_are_held_against_every_agency_and_the_answer_is_told(eligibility: Part) -> None:
    family = Family()
    body = family.submitted(home=KINGSTON)
    eligibility.take(body)

    (assessed,) = eligibility.told(family.id)
    assert assessed.type == "uk.waypost.eligibility.eligibility.assessed.v1"
    assert assessed.data["facts_sequence"] == 1
    # The school is not known, and a school in Merseyside would be enough for the second.
    assert outcomes(eligibility, family) == {"families-apart": "eligible", "time-matters": "needs-information"}
    assert assessed.causation_id == orjson.loads(body)["id"]
    assert assessed.correlation_id == orjson.loads(body)["correlationid"]


def test_the_receipt_that_is_stored_is_the_one_that_is_told(eligibility: Part) -> None:
    family = Family()
    eligibility.take(family.submitted(home=KINGSTON))

    (stored,) = eligibility.rows("assessments", referral_id=family.id)
    (assessed,) = eligibility.told(family.id)
    assert stored["outcomes"] == assessed.data["outcomes"]
    assert stored["directory_version"] == assessed.data["directory_version"]
    receipt = stored["outcomes"][0]["receipt"]
    assert receipt["releases"] == {"postcodes": "2026.1.1"}
    assert "Be residents of the Kingston Borough" in [clause["sentence"] for clause in receipt["clauses"]]


def test_each_child_has_an_outcome_of_its_own(eligibility: Part) -> None:
    family, children = Family(), [child(4), child(9), child(17)]
    eligibility.take(family.submitted(home=LIVERPOOL, children=children))

    merseyside = eligibility.told(family.id)[0].data["outcomes"][1]
    assert [merseyside["children"][each["id"]] for each in children] == ["ineligible", "eligible", "eligible"]
    assert {"age": 5, "child": children[0]["id"]}.items() <= merseyside["receipt"]["would_change"][0].items()


def test_what_is_missing_is_named_as_events_name_things(eligibility: Part) -> None:
    family = Family()
    eligibility.take(family.submitted(home=KINGSTON, stage="released", months=None))

    assert eligibility.told(family.id)[0].data["outcomes"][0]["missing"] == ["released-on"]


def test_a_referral_without_consent_is_assessed_too(eligibility: Part) -> None:
    family = Family()
    eligibility.take(family.submitted(home=HALTON, consent=[]))
    assert outcomes(eligibility, family)["time-matters"] == "review"


def test_a_consultation_is_assessed_by_its_borough(eligibility: Part) -> None:
    family = Family()
    about: dict[str, Any] = {"kind": "consultation", "children": [], "relationship": None, "stage": None, "consent": []}
    eligibility.take(family.submitted(borough=KINGSTON, **about))
    assert outcomes(eligibility, family) == {"families-apart": "eligible", "time-matters": "ineligible"}


def test_amended_facts_are_assessed_anew_and_numbered_so(eligibility: Part) -> None:
    family = Family()
    eligibility.take(family.submitted(home=None))
    eligibility.take(family.amended(home=KINGSTON))

    assert [event.data["facts_sequence"] for event in eligibility.told(family.id)] == [1, 2]
    assert outcomes(eligibility, family)["families-apart"] == "eligible"


def test_facts_that_newer_ones_overtook_are_not_assessed(eligibility: Part) -> None:
    family = Family()
    family.submitted()
    older, newer = family.amended(home=HALTON), family.amended(home=KINGSTON)
    eligibility.take(newer)
    eligibility.take(older)
    assert [event.data["facts_sequence"] for event in eligibility.told(family.id)] == [3]


def test_a_submission_that_an_amendment_overtook_says_that_it_is_the_older(eligibility: Part) -> None:
    family = Family()
    submitted, amended = family.submitted(home=HALTON), family.amended(home=KINGSTON)
    eligibility.take(amended, submitted)
    assert sorted(event.data["facts_sequence"] for event in eligibility.told(family.id)) == [1, 2]
    assert [failure for failure in eligibility.failures if failure["subject"] == family.id] == []


def test_the_same_message_again_is_assessed_once(eligibility: Part) -> None:
    family = Family()
    body = family.submitted(home=KINGSTON)
    eligibility.take(body, body)
    eligibility.take(body)
    assert len(eligibility.told(family.id)) == 1


def test_a_batch_with_facts_that_cannot_be_still_serves_the_others(eligibility: Part) -> None:
    good, bad = Family(), Family()
    eligibility.take(good.submitted(home=KINGSTON), bad.submitted(referrer_type="passer-by"))

    assert len(eligibility.told(good.id)) == 1
    assert eligibility.told(bad.id) == []
    assert [failure["error"] for failure in eligibility.failures if failure["subject"] == bad.id] == ["ValueError"]
