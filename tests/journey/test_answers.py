"""What agencies answer, through the whole system from outside: the referrer learns how it went, and nobody waits in vain."""

from typing import Any

import requests

from tests.support.callers import World
from tests.support.families import HALTON, child, family
from tests.support.system import System

ANSWER_WITHIN = 20


def acts(system: System, agency: str, link: str, action: str, **said: Any) -> Any:
    """One action of an agency at the link that it was given."""
    answer = requests.post(
        f"{link}/{action}", json=said, headers=system.headers("routing", agency), timeout=ANSWER_WITHIN
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_agency_helps_and_the_referrer_learns_of_it(world: World) -> None:
    referral_id = world.referrer.refer(family())
    task = world.families_apart.wait_for(referral_id, "referral.routed")

    for action, said in (("accept", {"note": "A made-up note"}), ("start", {}), ("complete", {"reason": "intensive"})):
        acts(world.system, "families-apart", task["link"], action, **said)

    world.referrer.wait_for(referral_id, "closed")
    told = [item["text"] for item in world.referrer.timeline(referral_id) if item["type"].startswith("task-")]
    assert told == [
        "Families Apart takes the referral.",
        "Families Apart has begun its work with the family.",
        "Families Apart has finished: intensive support.",
    ]
    world.families_apart.wait_for(referral_id, "task.completed")
    facts = [event["type"].split(".", 3)[-1] for event in world.families_apart.about(referral_id)]
    assert facts == ["referral.routed.v1", "task.accepted.v1", "task.started.v1", "task.completed.v1"]


def test_an_agency_asks_the_referrer_answers_and_it_goes_on(world: World) -> None:
    referral_id = world.referrer.refer(family())
    task = world.families_apart.wait_for(referral_id, "referral.routed")
    acts(world.system, "families-apart", task["link"], "accept")
    acts(world.system, "families-apart", task["link"], "request-information", items=["told"])

    referral = world.referrer.wait_for(referral_id, "information-requested")
    (pupil,) = referral["referral"]["children"]
    supplied = {"children": [{"id": pupil["id"], "told": "yes"}]}
    assert world.referrer.post(supplied, f"/{referral_id}/information").status_code == 200

    world.families_apart.wait_for(referral_id, "task.resumed")
    world.referrer.wait_for(referral_id, "routed")
    assert world.families_apart.read(task["link"]).json()["state"] == "accepted"


def test_a_person_sends_on_what_no_rule_can_decide(world: World) -> None:
    pupil = child(school={"postcode": HALTON}, gp={"postcode": HALTON})
    referral_id = world.referrer.refer(family(home=HALTON, children=[pupil]))
    world.referrer.wait_for(referral_id, "under-review")
    operator = {"WAYPOST_KEY": world.system.key("operations", "test-operations")}

    assert referral_id in world.system.waypost("reviews", "list", "--reason", "rules-need-a-person", env=operator)
    assert "time-matters" in world.system.waypost("reviews", "show", referral_id, env=operator)
    where = ("route", "--agency", "time-matters")
    foreseen = world.system.waypost("reviews", "decide", referral_id, *where, "--look", env=operator)
    assert "would be asked: time-matters" in foreseen
    why = ("--reason", "they know the family")
    decided = world.system.waypost("reviews", "decide", referral_id, *where, *why, env=operator)

    assert decided.strip() == "routed time-matters"
    world.time_matters.wait_for(referral_id, "referral.routed")
    world.referrer.wait_for(referral_id, "routed")
    assert "they know the family" in world.system.waypost("reviews", "show", referral_id, env=operator)


def test_operations_see_who_has_not_stopped(world: World) -> None:
    referral_id = world.referrer.refer(family())
    task = world.families_apart.wait_for(referral_id, "referral.routed")
    assert world.referrer.post({"reason": "other"}, f"/{referral_id}/withdrawal").status_code == 200
    world.families_apart.wait_for(referral_id, "task.recalled")
    assert task["task_id"] in recalled(world)

    acts(world.system, "families-apart", task["link"], "acknowledge-recall")
    assert task["task_id"] not in recalled(world)


def recalled(world: World) -> list[str]:
    headers = world.system.headers("operations", "test-operations")
    answer = requests.get(f"{world.system.operations_url}/v1/recalls?limit=100", headers=headers, timeout=ANSWER_WITHIN)
    assert answer.status_code == 200, answer.text
    return [item["task_id"] for item in answer.json()["items"]]


def test_what_operations_may_not_decide_is_said_in_routings_own_words(world: World) -> None:
    referral_id = world.referrer.refer(family())
    world.referrer.wait_for(referral_id, "routed")
    headers = world.system.headers("operations", "test-operations")
    answer = requests.post(
        f"{world.system.operations_url}/v1/reviews/{referral_id}",
        json={"decision": "not-eligible", "reason": "made up"},
        headers=headers,
        timeout=ANSWER_WITHIN,
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not-under-review")
