"""What routing keeps of an erased referral: that there were tasks. Agencies that have it in hand are told to stop."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.routing.erasing import clear
from shared.contracts.referrals import ReferralErased
from shared.privacy.erased import look_again
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, PAIRS, Family, child


@pytest.fixture(scope="module", params=PAIRS)
def routing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("routing-erasing")) as running:
        yield running


def erased(family: Family) -> bytes:
    return family._event(ReferralErased, {"reason": "asked-by-family"})


def held(routing: Routing, family: Family) -> dict[str, Any]:
    """What could tell of the family: by table."""
    (referral,) = routing.part.rows("referrals", referral_id=family.id)
    found = {name: referral[name] for name in ("chosen", "scope", "outcomes", "duplicates", "ruling")}
    for task in routing.part.rows("tasks", referral_id=family.id):
        found |= {name: task[name] for name in ("receipt", "children", "ages", "items", "worker", "worker_index")}
        found["key"] = routing.part.rows("task_keys", task_id=task["id"])
        found["notes"] = [move["note"] for move in routing.part.rows("moves", task_id=task["id"]) if move["note"]]
    found["rulings"] = routing.part.rows("rulings", referral_id=family.id)
    return {name: value for name, value in found.items() if value}


def test_an_agency_with_the_task_in_hand_is_recalled_and_what_it_wrote_is_gone(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    task_id = routing.task_of(family)["id"]
    routing.acts(A, task_id, "note", note="Made-up note of a worker", once="the-note")
    routing.acts(A, task_id, "assign", worker="worker@example.org")
    assert {"key", "notes", "worker", "receipt"} <= set(held(routing, family))

    routing.hears(family, erased(family))

    assert held(routing, family) == {}
    task = routing.task_of(family)
    assert (task["state"], task["reason"]) == ("cancelled", "referral-erased")
    assert routing.facts(family, A)[-1] == "task.recalled"
    status, answer = routing.asks(A, f"/v1/tasks/{task_id}/referral")
    assert (status, answer["code"]) == (410, "referral-erased")
    status, answer = routing.acts(A, task_id, "note", note="Made-up note of a worker", once="the-note")
    assert (status, answer) == (200, {})
    assert routing.acts(A, task_id, "acknowledge-recall")[0] == 200


def test_a_task_that_was_done_is_replayed_as_a_tombstone(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    task_id = routing.task_of(family)["id"]
    for action, said in (("accept", {}), ("start", {}), ("complete", {"reason": "group", "note": "Made-up note"})):
        assert routing.acts(A, task_id, action, **said)[0] == 200

    routing.hears(family, erased(family))

    assert held(routing, family) == {}
    assert routing.task_of(family)["state"] == "completed"
    routing.newest(A)
    _, page = routing.asks(A, "/v1/events", limit=100)
    mine = [event["data"] for event in page["events"] if event["subject"] == family.id]
    assert mine
    assert all(data.get("tombstone") for data in mine)


def test_a_ruling_goes_with_its_reason(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON, duplicates=["another-referral"])
    ruling = {"actor": "key:officer", "decision": "route", "agency": A, "reason": "They know Test Child"}
    status, answer = routing.operates("POST", f"/v1/reviews/{family.id}", ruling)
    assert status == 200, answer

    routing.hears(family, erased(family))

    assert held(routing, family) == {}


def test_facts_that_come_late_are_cleared_when_it_is_looked_at_again(routing: Routing) -> None:
    family = Family()
    submitted = family.submitted(home=KINGSTON, consent=[A, B], children=[child()])
    routing.hears(family, erased(family), submitted)
    assert routing.part.rows("tasks", referral_id=family.id) == []

    look_again(routing.part.runtime.store, clear)

    assert held(routing, family) == {}
    assert routing.part.rows("erased", referral_id=family.id)


def test_eligibility_keeps_no_assessment(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    assert routing.eligibility.rows("assessments", referral_id=family.id)

    routing.hears(family, erased(family))

    assert routing.eligibility.rows("assessments", referral_id=family.id) == []
