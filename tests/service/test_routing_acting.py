"""What an agency does with its tasks, over HTTP: the table of moves, two workers at once, notes, workers; on both pairs."""

from collections.abc import Iterator
from typing import Any

import eventlet
import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.routing.domain.tasks import (
    ACKNOWLEDGED,
    AGENCY,
    AGENCY_ACTIONS,
    MOVES,
    STATES,
    WHERE_IT_WAS,
    allowed,
    reasons_for,
)
from services.routing.service import RoutingService
from shared.http.route import Route
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, PAIRS, Family

SAID: dict[str, dict[str, Any]] = {
    "reject": {"reason": "age"},
    "hold": {"reason": "waiting-list"},
    "complete": {"reason": "mentoring"},
    "fail": {"reason": "family-declined"},
    "request-information": {"items": ["school"]},
    "assign": {"worker": "worker-7"},
    "note": {"note": "Rang the school."},
}
WAY_TO: dict[str, tuple[str, ...]] = {
    "requested": (),
    "accepted": ("accept",),
    "on-hold": ("accept", "hold"),
    "in-progress": ("accept", "start"),
    "rejected": ("reject",),
    "completed": ("accept", "start", "complete"),
    "failed": ("accept", "start", "fail"),
    "cancelled": ("withdraw",),
    ACKNOWLEDGED: ("withdraw", "acknowledge-recall"),
}
NEXT = {(each.state, each.action): each.next for each in MOVES if each.role == AGENCY}


@pytest.fixture(scope="module", params=PAIRS)
def routing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("acting")) as running:
        yield running


def does(routing: Routing, task_id: str, action: str, **more: Any) -> Any:
    """An action that must work, with what it wants to be told."""
    status, answer = routing.acts(A, task_id, action, **SAID.get(action, {}) | more)
    assert status == 200, answer
    return answer


def task_in(routing: Routing, state: str) -> tuple[Family, str]:
    """A family's task, led into a state as an agency would."""
    family = routing.refers(home=KINGSTON)
    task_id = routing.task_of(family)["id"]
    for action in WAY_TO[state]:
        if action == "withdraw":
            routing.hears(family, family.withdrawn())
        else:
            does(routing, task_id, action)
    return family, task_id


def shown(state: str) -> str:
    return "cancelled" if state == ACKNOWLEDGED else state


def test_every_state_of_a_task_is_walked() -> None:
    assert set(WAY_TO) == {*STATES, ACKNOWLEDGED}


@pytest.mark.parametrize("state", sorted(WAY_TO))
def test_a_move_that_the_table_does_not_have_is_refused_and_changes_nothing(routing: Routing, state: str) -> None:
    _, task_id = task_in(routing, state)
    before = routing.asks(A, f"/v1/tasks/{task_id}")[1]
    for action in sorted(action for action in AGENCY_ACTIONS if (state, action) not in NEXT):
        status, answer = routing.acts(A, task_id, action, **SAID.get(action, {}))
        assert (action, status, answer["code"], answer["state"]) == (action, 409, "not-allowed-now", shown(state))
        assert answer["allowed"] == list(allowed(state, AGENCY)) == before["actions"]
        assert answer["reasons"] == {name: list(each) for name, each in reasons_for(state, AGENCY).items()}
        assert routing.asks(A, f"/v1/tasks/{task_id}")[1] == before, action


@pytest.mark.parametrize(("state", "action"), sorted(NEXT))
def test_a_move_works_where_the_table_has_it(routing: Routing, state: str, action: str) -> None:
    _, task_id = task_in(routing, state)
    before = routing.asks(A, f"/v1/tasks/{task_id}")[1]
    status, answer = routing.acts(A, task_id, action, **SAID.get(action, {}))

    following = NEXT[state, action]
    assert status == 200, answer
    assert answer["state"] == ("accepted" if following == WHERE_IT_WAS else following)
    assert answer == routing.asks(A, f"/v1/tasks/{task_id}")[1]
    assert len(answer["moves"]) == len(before["moves"]) + 1
    assert (answer["moves"][-1]["action"], answer["moves"][-1]["role"]) == (action, "agency")


def test_what_an_agency_does_is_told_to_the_services_and_to_itself(routing: Routing) -> None:
    family, task_id = task_in(routing, "completed")
    told = ["referral.routed", "task.accepted", "task.started", "task.completed"]
    assert routing.facts(family) == [*told, "referral.concluded"]
    assert routing.facts(family, audience=A) == told
    assert routing.task_of(family)["open_agency"] is None
    completed = routing.part.told(family.id, audience=A)[-1].data
    assert completed == {
        "referral_id": family.id,
        "agency": A,
        "task_id": task_id,
        "state": "completed",
        "reason": "mentoring",
    }


@pytest.mark.parametrize(
    ("action", "said", "pointer", "code"),
    [
        ("reject", {"reason": "made-up"}, "/reason", "not-one-of"),
        ("reject", {}, "/reason", "required"),
        ("complete", {"reason": "age"}, "/reason", "not-one-of"),
        ("request-information", {"items": ["prison"]}, "/items/0", "not-one-of"),
        ("request-information", {"items": []}, "/items", "wrong-length"),
        ("assign", {}, "/worker", "required"),
        ("note", {"note": ""}, "/note", "wrong-length"),
        ("accept", {"because": "x"}, "/because", "unknown-field"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(routing: Routing, action, said, pointer, code) -> None:
    _, task_id = task_in(routing, "requested")
    status, problem = routing.sends("POST", A, f"/v1/tasks/{task_id}/{action}", said)
    assert status == 422
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
    assert routing.part.rows("tasks", id=task_id)[0]["state"] == "requested"


@pytest.mark.parametrize("pair_of_moves", [("accept", "accept"), ("accept", "reject"), ("reject", "accept")])
def test_of_two_workers_at_once_one_wins_and_the_other_is_told(routing: Routing, pair_of_moves) -> None:
    family, task_id = task_in(routing, "requested")
    both = [eventlet.spawn(routing.acts, A, task_id, move, **SAID.get(move, {})) for move in pair_of_moves]
    answers = [each.wait() for each in both]
    assert sorted(status for status, _ in answers) == [200, 409]
    ((_, won),) = [answer for answer in answers if answer[0] == 200]
    ((_, lost),) = [answer for answer in answers if answer[0] == 409]
    assert lost["state"] == won["state"] == routing.part.rows("tasks", id=task_id)[0]["state"]
    assert lost["allowed"] == won["actions"]
    assert len([fact for fact in routing.facts(family) if fact in ("task.accepted", "task.rejected")]) == 1


def test_an_open_task_is_marked_so_that_the_database_refuses_a_second(routing: Routing) -> None:
    family, _ = task_in(routing, "in-progress")
    assert routing.task_of(family)["open_agency"] == A


def test_who_thinks_the_task_is_elsewhere_is_told_where_it_is(routing: Routing) -> None:
    _, task_id = task_in(routing, "accepted")
    status, problem = routing.acts(A, task_id, "hold", reason="child-not-told", expected_state="requested")
    assert (status, problem["code"], problem["state"]) == (409, "state-changed", "accepted")
    assert does(routing, task_id, "hold", expected_state="accepted")["state"] == "on-hold"


def test_the_same_key_moves_once_and_gets_the_first_answer_again(routing: Routing) -> None:
    family, task_id = task_in(routing, "requested")
    first = routing.acts(A, task_id, "accept", once=f"k-{family.id}", note="Ours.")
    assert first[0] == 200
    assert routing.acts(A, task_id, "accept", once=f"k-{family.id}", note="Ours.") == first
    assert routing.acts(A, task_id, "accept", once=f"k-{family.id}", note="Another.")[0] == 422
    assert routing.facts(family) == ["referral.routed", "task.accepted"]
    for _ in range(2):
        does(routing, task_id, "note")
        routing.acts(A, task_id, "note", once=f"n-{family.id}", note="Once.")
    notes = [each["note"] for each in routing.asks(A, f"/v1/tasks/{task_id}")[1]["moves"]]
    assert notes == [None, "Ours.", "Rang the school.", "Once.", "Rang the school."]


def test_a_move_that_was_refused_may_be_tried_again_with_its_key(routing: Routing) -> None:
    family, task_id = task_in(routing, "requested")
    assert routing.acts(A, task_id, "start", once=f"s-{family.id}")[0] == 409
    does(routing, task_id, "accept")
    assert routing.acts(A, task_id, "start", once=f"s-{family.id}")[0] == 200


def test_what_people_write_is_sealed_and_in_no_event(routing: Routing) -> None:
    _, task_id = task_in(routing, "requested")
    does(routing, task_id, "assign", worker="Test Worker", note="Speaks Welsh.")
    answer = does(routing, task_id, "accept", note="Rang on Monday.")
    assert answer["worker"] == "Test Worker"
    assert [each["note"] for each in answer["moves"]] == [None, "Speaks Welsh.", "Rang on Monday."]

    stored = repr([routing.part.rows(table) for table in routing.part.runtime.metadata.tables])
    for written in ("Test Worker", "Speaks Welsh", "Rang on Monday"):
        assert written not in stored
    assert routing.part.rows("task_keys", task_id=task_id)


def test_a_recalled_task_shows_no_notes_and_nobody_who_works_on_it(routing: Routing) -> None:
    family, task_id = task_in(routing, "requested")
    does(routing, task_id, "assign", note="For the group.")
    routing.hears(family, family.withdrawn())
    answer = routing.asks(A, f"/v1/tasks/{task_id}")[1]
    assert answer["worker"] is None
    assert [each["note"] for each in answer["moves"]] == [None, None, None]


def test_nobody_takes_a_task_from_a_colleague_without_knowing(routing: Routing) -> None:
    _, task_id = task_in(routing, "accepted")
    does(routing, task_id, "assign", worker="worker-7")
    status, problem = routing.acts(A, task_id, "assign", worker="worker-8")
    assert (status, problem["code"]) == (409, "assigned-to-another")
    assert does(routing, task_id, "assign", worker="worker-8", instead_of="worker-7")["worker"] == "worker-8"
    freed = does(routing, task_id, "assign", worker=None, instead_of="worker-8")
    assert (freed["worker"], freed["assigned"], freed["state"]) == (None, False, "accepted")


def test_an_acknowledged_recall_is_told_with_the_reason_of_the_recall(routing: Routing) -> None:
    family, task_id = task_in(routing, "accepted")
    routing.hears(family, family.consent_withdrawn(A, B))
    assert task_id in recalled(routing)
    answer = does(routing, task_id, "acknowledge-recall")
    assert (answer["state"], answer["reason"], answer["actions"]) == ("cancelled", "consent-withdrawn", [])
    assert answer["recall_acknowledged_at"] == "2026-11-20T10:00:00+00:00"
    for audience in (None, A):
        last = routing.part.told(family.id, audience)[-1]
        assert last.type == "uk.waypost.routing.task.recall-acknowledged.v1"
        assert (last.data["state"], last.data["reason"]) == ("cancelled", "consent-withdrawn")
    assert task_id not in recalled(routing)
    assert task_id in recalled(routing, "?acknowledged=any")


def recalled(routing: Routing, query: str = "") -> list[str]:
    """What operations see of recalls, page by page."""
    found, cursor = [], ""
    while True:
        status, page = routing.operates("GET", f"/v1/recalls{query or '?acknowledged=false'}&limit=100{cursor}")
        assert status == 200
        found += [item["task_id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def routes_of_a_task() -> list[tuple[str, str]]:
    """Every route of the service that names a task."""
    found = [
        (entry.http_method, entry.url)
        for name in dir(RoutingService)
        for entry in getattr(getattr(RoutingService, name), ENTRYPOINT_EXTENSIONS_ATTR, ())
        if isinstance(entry, Route) and entry.for_programs and "<task_id>" in entry.url
    ]
    assert {url.rsplit("/", 1)[1] for method, url in found if method == "POST"} == AGENCY_ACTIONS
    return sorted(found)


@pytest.mark.parametrize(("method", "url"), routes_of_a_task())
def test_anothers_task_is_as_unknown_as_one_that_is_not_there(routing: Routing, method: str, url: str) -> None:
    _, task_id = task_in(routing, "requested")
    action = url.rsplit("/", 1)[1]
    answers = [
        routing.sends(method, B, url.replace("<task_id>", each), SAID.get(action, {}) if method == "POST" else None)
        for each in (task_id, "019aa2f0-5c02-7abc-8def-0123456789ab")
    ]
    assert answers[0][0] == 404
    assert answers[0] == answers[1]
    assert routing.part.rows("tasks", id=task_id)[0]["state"] == "requested"


def test_a_key_that_may_read_moves_nothing(routing: Routing) -> None:
    _, task_id = task_in(routing, "requested")
    reader = routing.key(A, "tasks:read")
    assert routing.sends("POST", A, f"/v1/tasks/{task_id}/accept", key=reader)[0] == 403
    assert routing.sends("PUT", A, "/v1/capacity", {"state": "closed"}, key=reader)[0] == 403
