"""Families whom an agency can take: where they live, learn or see a doctor decides, and only that agency hears of it."""

from datetime import date
from typing import Any

from tests.support.callers import World, mails_about
from tests.support.families import (
    KINGSTON_PRACTICE,
    KINGSTON_SCHOOL,
    LIVERPOOL,
    PERSONAL,
    RICHMOND,
    SURREY,
    child,
    consultation,
    family,
)


def receipt_of(referral: dict[str, Any], agency: str) -> dict[str, Any]:
    """The agency's answer with its receipt, as the referrer sees it."""
    return next(item for item in referral["receipts"] if item["agency"] == agency)


def clauses_of(referral: dict[str, Any], agency: str) -> dict[str, dict[str, Any]]:
    return {clause["id"]: clause for clause in receipt_of(referral, agency)["receipt"]["clauses"]}


def answers_of(referral: dict[str, Any], agency: str) -> dict[str, str]:
    return {name: clause["answer"] for name, clause in clauses_of(referral, agency).items()}


def facts_in(timeline: list[dict[str, Any]]) -> list[str]:
    return [item["type"] for item in timeline]


def test_a_family_that_lives_in_kingston_reaches_families_apart_with_a_receipt_that_says_why(world: World) -> None:
    referral_id = world.referrer.refer(family())

    referral = world.referrer.wait_for(referral_id, "routed")
    told = world.families_apart.wait_for(referral_id, "referral.routed")
    assert told["reference"] == referral["reference"]
    assert told["children"] == [referral["referral"]["children"][0]["id"]]
    assert date.fromisoformat(told["acknowledge_by"]) < date.fromisoformat(told["decide_by"])

    assert receipt_of(referral, "families-apart")["outcome"] == "eligible"
    home = clauses_of(referral, "families-apart")["home-in-kingston"]
    assert (home["answer"], home["sentence"]) == ("true", "Be residents of the Kingston Borough")
    assert home["used"] == [{"child": None, "value": "E09000021", "basis": "postcode"}]
    assert facts_in(world.referrer.timeline(referral_id))[:3] == ["received", "assessed", "routed"]

    world.wait_until_quiet()
    assert len(world.families_apart.about(referral_id)) == 1
    assert world.time_matters.about(referral_id) == []


def test_the_link_in_the_event_shows_the_task_to_that_agency_and_to_no_other(world: World) -> None:
    referral_id = world.referrer.refer(family())
    told = world.families_apart.wait_for(referral_id, "referral.routed")

    task = world.families_apart.read(told["link"]).json()

    assert (task["id"], task["state"], task["referral_id"]) == (told["task_id"], "requested", referral_id)
    assert task["receipt"]["outcome"] == "eligible"
    assert world.time_matters.read(told["link"]).status_code == 404


def test_agency_and_referrer_get_messages_that_tell_nothing_of_the_family(world: World) -> None:
    referral_id = world.referrer.refer(family())
    reference = world.referrer.wait_for(referral_id, "routed")["reference"]
    world.wait_for_timeline(referral_id, {"notification-sent": 3})

    mails = mails_about(world.system, reference)

    assert sorted((mail.to, mail.subject) for mail in mails) == [
        ("families-apart@example.org", f"New referral {reference}"),
        ("referrer@example.org", f"Referral {reference} has been passed on"),
        ("referrer@example.org", f"We have your referral {reference}"),
    ]
    said = "".join(mail.text for mail in mails) + str(world.families_apart.about(referral_id))
    assert [word for word in PERSONAL if word in said] == []


def test_another_organisation_cannot_tell_that_the_referral_exists(world: World) -> None:
    referral_id = world.referrer.refer(family())

    assert world.stranger.ask(f"/{referral_id}").status_code == 404
    assert world.stranger.ask(f"/{referral_id}/timeline").status_code == 404
    assert world.stranger.post({"reason": "other"}, f"/{referral_id}/withdrawal").status_code == 404
    assert referral_id not in {item["id"] for item in world.stranger.every()}
    assert referral_id in {item["id"] for item in world.referrer.every()}


def test_a_kingston_school_is_enough_for_a_family_that_lives_in_surrey(world: World) -> None:
    pupil = child(school={"urn": KINGSTON_SCHOOL, "postcode": SURREY})
    referral_id = world.referrer.refer(family(home=SURREY, children=[pupil]))

    referral = world.referrer.wait_for(referral_id, "routed")

    world.families_apart.wait_for(referral_id, "referral.routed")
    answers = answers_of(referral, "families-apart")
    assert (answers["home-in-kingston"], answers["school-in-kingston"]) == ("false", "true")
    (used,) = clauses_of(referral, "families-apart")["school-in-kingston"]["used"]
    assert (used["value"], used["basis"]) == ("E09000021", "urn")


def test_a_kingston_doctor_is_enough_for_a_family_that_lives_in_richmond(world: World) -> None:
    patient = child(gp={"ods_code": KINGSTON_PRACTICE})
    doctor = family()["referrer"] | {"type": "gp"}
    referral_id = world.referrer.refer(family(home=RICHMOND, children=[patient], referrer=doctor))

    referral = world.referrer.wait_for(referral_id, "routed")

    world.families_apart.wait_for(referral_id, "referral.routed")
    answers = answers_of(referral, "families-apart")
    assert (answers["home-in-kingston"], answers["gp-in-kingston"]) == ("false", "true")
    (used,) = clauses_of(referral, "families-apart")["gp-in-kingston"]["used"]
    assert (used["value"], used["basis"]) == ("E09000021", "ods")


def test_of_three_siblings_in_liverpool_two_are_covered_and_one_will_be_old_enough_soon(world: World) -> None:
    siblings = [child(4, birthday_in=12), child(9), child(17)]
    referral_id = world.referrer.refer(family(home=LIVERPOOL, children=siblings))

    referral = world.referrer.wait_for(referral_id, "routed")

    ids = {item["last_name"]: item["id"] for item in referral["referral"]["children"]}
    four, nine, seventeen = (ids[f"Test Child of {age}"] for age in (4, 9, 17))
    receipt = receipt_of(referral, "time-matters")
    assert receipt["children"] == {four: "ineligible", nine: "eligible", seventeen: "eligible"}
    birthday = date.fromisoformat(siblings[0]["date_of_birth"])
    birthday = birthday.replace(year=birthday.year + 5)
    (change,) = [each for each in receipt["receipt"]["would_change"] if each.get("child") == four]
    assert change["on"] == birthday.isoformat()
    assert change["text"].startswith(f"will be 5 on {birthday.day} {birthday:%B}")

    told = world.time_matters.wait_for(referral_id, "referral.routed")
    assert set(told["children"]) == {nine, seventeen}
    world.wait_until_quiet()
    assert world.families_apart.about(referral_id) == []


def test_the_agency_that_the_family_chose_is_asked_and_the_other_is_not(world: World) -> None:
    pupil = child(school={"postcode": LIVERPOOL})
    referral_id = world.referrer.refer(family(children=[pupil], preferred_agencies=["time-matters"]))

    referral = world.referrer.wait_for(referral_id, "routed")

    assert [item["outcome"] for item in referral["receipts"]] == ["eligible", "eligible"]
    world.time_matters.wait_for(referral_id, "referral.routed")
    world.wait_until_quiet()
    assert world.families_apart.about(referral_id) == []


def test_a_professional_who_asks_for_advice_reaches_the_agency_without_any_family(world: World) -> None:
    referral_id = world.referrer.refer(consultation())

    referral = world.referrer.wait_for(referral_id, "routed")

    assert answers_of(referral, "families-apart")["about-kingston"] == "true"
    told = world.families_apart.wait_for(referral_id, "referral.routed")
    assert (told["kind"], told["children"]) == ("consultation", [])
    world.wait_until_quiet()
    assert world.time_matters.about(referral_id) == []
