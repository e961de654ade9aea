"""What an agency reads over HTTP: its feed and its tasks, and nothing of another's; on both pairs."""

import time
from collections.abc import Iterator
from pathlib import Path

import eventlet
import orjson
import pytest

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.routing.domain.tasks import WHY_HELD, WHY_REJECTED
from services.routing.handlers import HANDLERS as ROUTING_HANDLERS
from services.routing.service import RoutingService
from shared.http.server import Server
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, LIVERPOOL, PAIRS, Part, child
from tests.support.pairs import Pair


@pytest.fixture(scope="module", params=PAIRS)
def routing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("agencies")) as running:
        yield running


def test_the_feed_tells_what_the_agency_was_asked_and_what_was_recalled_in_order(routing: Routing) -> None:
    start = routing.newest(A)
    family = routing.refers(home=KINGSTON)
    routing.hears(family, family.withdrawn())
    routing.newest(A)

    status, page = routing.asks(A, "/v1/events", after=start)
    assert status == 200
    assert [event["type"] for event in page["events"]] == [
        "uk.waypost.routing.referral.routed.v1",
        "uk.waypost.routing.task.recalled.v1",
    ]
    assert {event["subject"] for event in page["events"]} == {family.id}


def test_an_envelope_arrives_as_it_was_written(routing: Routing) -> None:
    start = routing.newest(A)
    family = routing.refers(home=KINGSTON)
    routing.newest(A)
    (row,) = routing.part.rows("outbox", subject=family.id, audience=A)
    assert routing.asks(A, "/v1/events", after=start)[1]["events"] == [orjson.loads(row["body"])]


def test_the_feed_is_read_in_pages_and_again_from_any_cursor(routing: Routing) -> None:
    start = routing.newest(A)
    families = [routing.refers(home=KINGSTON).id for _ in range(5)]
    routing.newest(A)

    seen, cursor = [], start
    for _ in range(3):
        _, page = routing.asks(A, "/v1/events", after=cursor, limit=2)
        seen += [event["subject"] for event in page["events"]]
        cursor = page["next"]
    assert seen == families
    _, end = routing.asks(A, "/v1/events", after=cursor)
    assert (end["events"], end["next"]) == ([], cursor)
    assert len(routing.asks(A, "/v1/events", after=start)[1]["events"]) == 5


def test_an_agency_hears_nothing_of_another(routing: Routing) -> None:
    start = routing.newest(B)
    routing.refers(home=KINGSTON)
    routing.newest(A)
    assert routing.asks(B, "/v1/events", after=start)[1]["events"] == []


def test_who_waits_is_answered_when_something_comes(routing: Routing) -> None:
    start = routing.newest(A)
    waiting = eventlet.spawn(routing.asks, A, "/v1/events", after=start, wait=20)
    until_held(routing, 1)
    began = time.monotonic()
    family = routing.refers(home=KINGSTON)
    _, page = waiting.wait()
    assert [event["subject"] for event in page["events"]] == [family.id]
    assert time.monotonic() - began < 5


def test_more_can_wait_than_there_are_database_connections(routing: Routing) -> None:
    start = routing.newest(A)
    waiting = [eventlet.spawn(routing.asks, A, "/v1/events", after=start, wait=20) for _ in range(60)]
    until_held(routing, 60)
    family = routing.refers(home=KINGSTON)
    answers = [thread.wait() for thread in waiting]
    assert {event["subject"] for _, page in answers for event in page["events"]} == {family.id}
    assert {status for status, _ in answers} == {200}


def test_who_waits_in_vain_is_told_so_with_the_cursor_to_go_on_from(routing: Routing) -> None:
    start = routing.newest(A)
    assert routing.asks(A, "/v1/events", after=start, wait=1) == (200, {"events": [], "next": start})


def test_an_agency_sees_its_task_with_the_receipt_and_what_it_may_do(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    task = routing.task_of(family)
    status, shown = routing.asks(A, f"/v1/tasks/{task['id']}")
    assert status == 200
    assert shown == {
        "id": task["id"],
        "referral_id": family.id,
        "reference": family.reference,
        "kind": "family-support",
        "state": "requested",
        "reason": None,
        "children": task["children"],
        "ages": [9],
        "due": "2026-11-27",
        "owes": "decide",
        "acknowledge_by": "2026-11-24",
        "decide_by": "2026-11-27",
        "contact_by": "2026-12-04",
        "requested_at": "2026-11-20T10:00:00+00:00",
        "changed_at": "2026-11-20T10:00:00+00:00",
        "recall_acknowledged_at": None,
        "capacity": "open",
        "capacity_until": None,
        "items": [],
        "assigned": False,
        "worker": None,
        "actions": ["accept", "reject", "hold", "request-information", "assign", "note"],
        "reasons": {
            "reject": list(WHY_REJECTED),
            "hold": list(WHY_HELD),
            "request-information": ["awaiting-information"],
        },
        "moves": [
            {
                "at": "2026-11-20T10:00:00+00:00",
                "action": "request",
                "role": "system",
                "actor": "waypost",
                "state": "new",
                "next": "requested",
                "reason": None,
                "note": None,
            }
        ],
        "receipt": task["receipt"],
    }


def test_a_recalled_task_tells_nothing_of_the_family_any_more(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    routing.hears(family, family.consent_withdrawn(A, B))
    _, shown = routing.asks(A, f"/v1/tasks/{routing.task_of(family)['id']}")
    assert (shown["state"], shown["reason"]) == ("cancelled", "consent-withdrawn")
    assert (shown["children"], shown["receipt"]) == ([], None)
    _, page = routing.asks(A, "/v1/tasks", state="cancelled", limit=1)
    assert page["items"][0]["children"] == []


def test_another_agencys_task_is_not_found_and_not_listed(routing: Routing) -> None:
    task = routing.task_of(routing.refers(home=KINGSTON))
    status, problem = routing.asks(B, f"/v1/tasks/{task['id']}")
    assert (status, problem["code"]) == (404, "not-found")
    assert routing.asks(B, "/v1/tasks/no-such-task") == (status, problem)
    assert task["id"] not in {item["id"] for item in routing.asks(B, "/v1/tasks", limit=100)[1]["items"]}


def test_tasks_are_listed_newest_first_in_pages_and_by_state(routing: Routing) -> None:
    families = [routing.refers(home=LIVERPOOL, children=[child(9)]) for _ in range(3)]
    routing.hears(families[1], families[1].withdrawn())

    _, first = routing.asks(B, "/v1/tasks", limit=2)
    _, second = routing.asks(B, "/v1/tasks", limit=2, cursor=first["next"])
    listed = [item["referral_id"] for item in first["items"] + second["items"]]
    assert listed[:3] == [family.id for family in reversed(families)]
    _, requested = routing.asks(B, "/v1/tasks", state="requested", limit=100)
    assert families[1].id not in {item["referral_id"] for item in requested["items"]}
    assert {item["state"] for item in requested["items"]} == {"requested"}


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/v1/tasks", {"state": "lost"}, "bad-state"),
        ("/v1/tasks", {"limit": 0}, "bad-limit"),
        ("/v1/tasks", {"cursor": "made-up"}, "bad-cursor"),
        ("/v1/events", {"after": "made-up"}, "bad-cursor"),
        ("/v1/events", {"wait": 31}, "bad-wait"),
        ("/v1/events", {"limit": "many"}, "bad-limit"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_a_code(routing: Routing, path, query, code) -> None:
    status, problem = routing.asks(A, path, **query)
    assert (status, problem["code"]) == (400, code)


def test_a_key_opens_only_what_its_scopes_name(routing: Routing) -> None:
    reader = routing.key(A, "tasks:read")
    assert routing.asks(A, "/v1/tasks", key=reader)[0] == 200
    assert routing.asks(A, "/v1/events", key=reader)[0] == 403
    assert routing.asks(A, "/v1/tasks", key="wp_madeupkey1_secret")[0] == 401


def until_held(routing: Routing, count: int) -> None:
    """Returns when so many requests are held; the test's time limit ends a wait in vain."""
    running = routing.container.shared_extensions[Server].running
    while len(running) < count:
        eventlet.sleep(0.01)


def test_who_waits_is_answered_when_the_service_stops(pair: Pair, tmp_path: Path) -> None:
    eligibility = Part(pair, tmp_path, EligibilityService, ELIGIBILITY_HANDLERS)
    routing = Routing(Part(pair, tmp_path, RoutingService, ROUTING_HANDLERS), eligibility)
    waiting = eventlet.spawn(routing.asks, A, "/v1/events", wait=30)
    until_held(routing, 1)
    routing.stop()
    status, page = waiting.wait()
    assert (status, page["events"]) == (200, [])
    eligibility.close()
