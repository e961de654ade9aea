"""What needs a look is said; what is well is not."""

from typing import Any

import pytest

from services.operations.domain import concerns, overview


def counts(**changed: Any) -> dict[str, Any]:
    return {
        "service": "routing",
        "waiting": 3,
        "consumers": 1,
        "in_flight": 0,
        "due_for_retry": 2,
        "parked": 0,
        "unsent": 5,
        "oldest_seconds": {"unsent": 1.0, "parked": None, "due_for_retry": 4.0},
        "broker": "ok",
    } | changed


def test_messages_on_their_way_are_no_concern() -> None:
    assert overview([counts()])["all_well"] is True


@pytest.mark.parametrize(
    ("changed", "concern"),
    [
        ({"broker": "ConnectionError", "waiting": None, "consumers": None}, "broker-away"),
        ({"consumers": 0}, "no-consumer"),
        ({"parked": 1}, "parked"),
        ({"oldest_seconds": {"unsent": 31.0}}, "unsent-for-long"),
        ({"escalated_tasks": 1}, "tasks-overdue"),
    ],
)
def test_what_needs_a_look_is_named(changed: dict[str, Any], concern: str) -> None:
    assert concerns(counts(**changed)) == [concern]


@pytest.mark.parametrize(
    ("database", "concern"), [(None, "unreachable"), ("full", "database-full"), ("away", "database-away")]
)
def test_a_service_that_cannot_tell_is_a_concern_of_its_own(database: str | None, concern: str) -> None:
    found = overview([{"service": "routing", "unreachable": True, "database": database}, counts()])
    assert (found["all_well"], found["services"][0]["concerns"]) == (False, [concern])
