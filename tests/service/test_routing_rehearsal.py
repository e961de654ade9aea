"""An agency is rehearsed with made-up referrals: what it hears, that nobody else does, and what is reported; on both pairs."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from services.routing.clockwork import chase
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, PAIRS


@pytest.fixture(scope="module", params=PAIRS)
def routing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("rehearsal")) as running:
        yield running


def rehearsed(routing: Routing) -> str:
    status, answer = routing.operates("POST", "/v1/rehearsals", {"agency": A, "actor": "key:a-test"})
    assert status == 200, answer
    return str(answer["id"])


def reported(routing: Routing, rehearsal: str) -> dict[str, dict[str, Any]]:
    status, answer = routing.operates("GET", f"/v1/rehearsals/{rehearsal}")
    assert status == 200, answer
    return {step["step"]: step for step in answer["steps"]}


def subject(rehearsal: str, step: str) -> str:
    return f"rehearsal-{rehearsal}-{step}"


def sent(routing: Routing, rehearsal: str, step: str) -> list[dict[str, Any]]:
    """What is sent of a step, in the order in which it goes out."""
    return routing.part.rows("outbox", subject=subject(rehearsal, step))


def events(routing: Routing, rehearsal: str, step: str) -> list[dict[str, Any]]:
    return [orjson.loads(row["body"]) for row in sent(routing, rehearsal, step)]


def facts(told: list[dict[str, Any]]) -> list[str]:
    return [event["type"].split("routing.")[1][:-3] for event in told]


def test_each_step_is_sent_as_badly_as_it_is_meant_to_be(routing: Routing) -> None:
    rehearsal = rehearsed(routing)
    now = routing.part.clock.now()

    assert facts(events(routing, rehearsal, "plain")) == ["referral.routed"]
    thrice = sent(routing, rehearsal, "duplicate")
    assert len(thrice) == 3
    assert len({(row["event_id"], bytes(row["body"])) for row in thrice}) == 1
    swapped = events(routing, rehearsal, "reordered")
    assert facts(swapped) == ["task.recalled", "referral.routed"]
    assert swapped[0]["sequence"] > swapped[1]["sequence"]
    (late,) = sent(routing, rehearsal, "late")
    assert 0 < (late["due_at"] - now).total_seconds() <= 10
    assert facts(events(routing, rehearsal, "recalled")) == ["referral.routed"]
    routing.part.clock.forward(seconds=11)


def test_what_is_made_up_says_so_and_what_is_real_does_not(routing: Routing) -> None:
    rehearsal = rehearsed(routing)
    routing.acts(A, reported(routing, rehearsal)["plain"]["task_id"], "accept")
    told = events(routing, rehearsal, "plain")
    assert facts(told) == ["referral.routed", "task.accepted"]
    assert all(event["rehearsal"] is True for event in told)
    routing.part.clock.forward(seconds=11)

    family = routing.refers(home=KINGSTON)
    bodies = [orjson.loads(row["body"]) for row in routing.part.rows("outbox", subject=family.id)]
    assert bodies
    assert not any("rehearsal" in body for body in bodies)


def test_nobody_but_the_agency_hears_and_nobody_is_asked_instead(routing: Routing) -> None:
    rehearsal = rehearsed(routing)
    tasks = {step: each["task_id"] for step, each in reported(routing, rehearsal).items()}
    assert routing.acts(A, tasks["plain"], "reject", reason="out-of-area")[0] == 200
    assert routing.acts(A, tasks["duplicate"], "request-information", items=["school"])[0] == 200
    assert routing.acts(A, tasks["reordered"], "acknowledge-recall")[0] == 200
    assert routing.operates("POST", f"/v1/rehearsals/{rehearsal}/recall") == (200, {"recalled": True})

    for step in tasks:
        assert {row["audience"] for row in sent(routing, rehearsal, step)} == {A}
        assert len(routing.part.rows("tasks", referral_id=subject(rehearsal, step))) == 1
        (row,) = routing.part.rows("referrals", referral_id=subject(rehearsal, step))
        assert row["review"] is None
    assert routing.asks(B, f"/v1/tasks/{tasks['plain']}")[0] == 404
    routing.part.clock.forward(seconds=11)


def test_no_clock_chases_a_rehearsal_and_its_recalls_are_not_listed(routing: Routing) -> None:
    rehearsal = rehearsed(routing)
    ids = {each["task_id"] for each in reported(routing, rehearsal).values()}
    for _ in range(14):
        routing.part.clock.forward(days=1)
        chase(routing.part.runtime.store)
    assert not ids & {row["task_id"] for row in routing.part.rows("task_chases")}
    status, page = routing.operates("GET", "/v1/recalls?limit=100")
    assert status == 200
    assert not ids & {item["task_id"] for item in page["items"]}


def test_there_is_no_family_to_be_shown(routing: Routing) -> None:
    task_id = reported(routing, rehearsed(routing))["plain"]["task_id"]
    status, answer = routing.asks(A, f"/v1/tasks/{task_id}/referral")
    assert (status, answer["code"]) == (404, "rehearsal")
    routing.part.clock.forward(seconds=11)


def test_an_agency_that_does_all_well_is_told_so(routing: Routing) -> None:
    rehearsal = rehearsed(routing)
    for step, each in reported(routing, rehearsal).items():
        assert not each["well"]
        if step != "reordered":
            routing.asks(A, f"/v1/tasks/{each['task_id']}")
            routing.acts(A, each["task_id"], "accept", once=f"{rehearsal}-{step}")
            routing.acts(A, each["task_id"], "accept", once=f"{rehearsal}-{step}")
    routing.operates("POST", f"/v1/rehearsals/{rehearsal}/recall")
    for step in ("reordered", "recalled"):
        assert routing.acts(A, reported(routing, rehearsal)[step]["task_id"], "acknowledge-recall")[0] == 200

    steps = reported(routing, rehearsal)
    assert [(step, each["well"], each["refused"]) for step, each in steps.items()] == [
        (step, True, []) for step in ("plain", "duplicate", "reordered", "late", "recalled")
    ]
    assert steps["plain"]["read"]
    assert not steps["reordered"]["read"]
    routing.part.clock.forward(seconds=11)


def test_what_an_agency_tried_and_could_not_do_is_in_the_report(routing: Routing) -> None:
    rehearsal = rehearsed(routing)
    tasks = {step: each["task_id"] for step, each in reported(routing, rehearsal).items()}
    for expected in (200, 409, 409):
        assert routing.acts(A, tasks["duplicate"], "accept")[0] == expected
    assert routing.acts(A, tasks["reordered"], "accept")[0] == 409
    assert routing.acts(A, tasks["plain"], "accept", expected_state="accepted")[0] == 409

    steps = reported(routing, rehearsal)
    assert steps["duplicate"]["verdict"] == "accepted twice"
    assert steps["duplicate"]["refused"] == ["accept", "accept"]
    assert steps["reordered"]["verdict"].startswith("went on after the recall (accept)")
    assert steps["plain"]["refused"] == [], "whoever said what it thought the task to be has done no harm"
    routing.part.clock.forward(seconds=11)


def test_a_refusal_of_a_real_task_is_not_kept(routing: Routing) -> None:
    before = routing.part.rows("rehearsal_refusals")
    task_id = routing.task_of(routing.refers(home=KINGSTON), A)["id"]
    assert [routing.acts(A, task_id, "accept")[0] for _ in range(2)] == [200, 409]
    assert routing.part.rows("rehearsal_refusals") == before


def test_who_began_a_rehearsal_is_in_the_audit(routing: Routing) -> None:
    (entry,) = routing.part.rows("audit", subject=rehearsed(routing))
    assert (entry["action"], entry["actor"], entry["detail"]) == ("rehearsal.begin", "key:a-test", A)
    routing.part.clock.forward(seconds=11)


def test_what_is_not_known_is_not_found(routing: Routing) -> None:
    assert routing.operates("POST", "/v1/rehearsals", {"agency": "nobody", "actor": "key:a-test"})[0] == 404
    assert routing.operates("GET", "/v1/rehearsals/none")[0] == 404
    assert routing.operates("POST", "/v1/rehearsals/none/recall")[0] == 404
