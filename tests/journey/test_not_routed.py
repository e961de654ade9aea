"""Families whom no agency is asked to take, or not yet: each is told why and what else there is, and no agency hears."""

from datetime import timedelta

from tests.support.callers import World, mails_about
from tests.support.families import HALTON, HULL, LIVERPOOL, PERSONAL, child, family, today


def assert_no_agency_heard(world: World, referral_id: str) -> None:
    world.wait_until_quiet()
    assert world.families_apart.about(referral_id) == []
    assert world.time_matters.about(referral_id) == []


def test_a_family_in_halton_is_looked_at_by_a_person(world: World) -> None:
    pupil = child(school={"postcode": HALTON}, gp={"postcode": HALTON})
    referral_id = world.referrer.refer(family(home=HALTON, children=[pupil]))

    referral = world.referrer.wait_for(referral_id, "under-review")

    outcomes = {item["agency"]: item["outcome"] for item in referral["receipts"]}
    assert outcomes == {"families-apart": "ineligible", "time-matters": "review"}
    (reviewed,) = [item for item in world.referrer.timeline(referral_id) if item["type"] == "under-review"]
    assert reviewed["detail"] == {"reasons": ["rules-need-a-person"], "agencies": ["time-matters"]}
    assert_no_agency_heard(world, referral_id)


def test_kingston_upon_hull_is_not_kingston_and_the_family_is_told_who_helps_there(world: World) -> None:
    pupil = child(school={"postcode": HULL}, gp={"postcode": HULL})
    referral_id = world.referrer.refer(family(home=HULL, children=[pupil]))

    referral = world.referrer.wait_for(referral_id, "not-eligible")

    assert [item["outcome"] for item in referral["receipts"]] == ["ineligible", "ineligible"]
    (told,) = [item for item in world.referrer.timeline(referral_id) if item["type"] == "not-eligible"]
    assert told["detail"]["signposts"] == ["prisoners-families-helpline"]
    assert "National Prisoners' Families Helpline" in told["text"]
    assert_no_agency_heard(world, referral_id)

    world.wait_for_timeline(referral_id, {"notification-sent": 2})
    mails = mails_about(world.system, referral["reference"])
    assert {mail.subject for mail in mails} == {
        f"We have your referral {referral['reference']}",
        f"About your referral {referral['reference']}",
    }
    assert [word for word in PERSONAL if any(word in mail.text for mail in mails)] == []


def test_a_family_whose_relative_was_released_four_months_ago_comes_too_late(world: World) -> None:
    released = {
        "relationship": "parent",
        "stage": "released",
        "released_on": (today() - timedelta(days=124)).isoformat(),
    }
    referral_id = world.referrer.refer(family(relative=released))

    referral = world.referrer.wait_for(referral_id, "not-eligible")

    receipt = next(item["receipt"] for item in referral["receipts"] if item["agency"] == "families-apart")
    (late,) = [clause for clause in receipt["clauses"] if clause["id"] == "three-months-since-release"]
    assert late["answer"] == "false"
    assert late["sentence"].endswith("up to 3 months post release")
    assert_no_agency_heard(world, referral_id)


def test_two_months_after_the_release_the_same_family_is_in_time(world: World) -> None:
    released = {
        "relationship": "parent",
        "stage": "released",
        "released_on": (today() - timedelta(days=60)).isoformat(),
    }
    referral_id = world.referrer.refer(family(relative=released))

    world.referrer.wait_for(referral_id, "routed")

    world.families_apart.wait_for(referral_id, "referral.routed")


def test_a_family_that_two_agencies_could_take_and_that_chose_none_is_looked_at_by_a_person(world: World) -> None:
    pupil = child(school={"postcode": LIVERPOOL})
    referral_id = world.referrer.refer(family(children=[pupil]))

    referral = world.referrer.wait_for(referral_id, "under-review")

    assert [item["outcome"] for item in referral["receipts"]] == ["eligible", "eligible"]
    (reviewed,) = [item for item in world.referrer.timeline(referral_id) if item["type"] == "under-review"]
    assert reviewed["detail"]["reasons"] == ["several-agencies"]
    assert_no_agency_heard(world, referral_id)


def test_a_family_of_which_too_little_is_known_is_asked_for_what_would_decide(world: World) -> None:
    referral_id = world.referrer.refer(family(home=HULL))
    referral = world.referrer.wait_for(referral_id, "information-requested")
    (asked,) = [item for item in world.referrer.timeline(referral_id) if item["type"] == "information-requested"]
    assert {"school", "practice"} <= set(asked["detail"]["items"])
    assert_no_agency_heard(world, referral_id)

    pupil = {"id": referral["referral"]["children"][0]["id"], "school": {"postcode": LIVERPOOL}}
    answer = world.referrer.post({"children": [pupil]}, f"/{referral_id}/information")

    assert answer.status_code == 200, answer.text
    world.referrer.wait_for(referral_id, "routed")
    world.time_matters.wait_for(referral_id, "referral.routed")
