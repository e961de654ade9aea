"""What agencies owe and is late reaches operations, through the listener that routing has for them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nameko.containers import ServiceContainer

from services.operations.desks import Desks
from services.operations.domain import overview
from services.routing.overdue import ClockProvider
from shared.http import problems
from shared.http.management import Management
from shared.messaging.desk import Desk
from tests.support.office import Office
from tests.support.pairs import default_pair
from tests.support.process import free_port

KEY = "internal-key-of-a-test"


class Routing:
    """As much of the routing service as operations speak to."""

    name = "routing"
    management = Management()
    desk = Desk()
    clock = ClockProvider()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(default_pair(tmp_path), tmp_path)
    yield office
    office.part.close()


@pytest.fixture
def port(office: Office) -> Iterator[int]:
    port = free_port()
    runtime = office.part.runtime
    runtime.declare({"routing": []}, {})
    config = {"runtime": runtime, "MANAGEMENT_ADDRESS": f"127.0.0.1:{port}", "INTERNAL_KEY": KEY, "max_workers": 1}
    container = ServiceContainer(Routing, config)
    container.start()
    yield port
    container.stop()


def desks(office: Office, port: int, key: str = KEY) -> Desks:
    settings = office.part.runtime.resources.settings
    return Desks(replace(settings, management_ports={**settings.management_ports, "routing": port}), key)


def concerns(asked: Desks) -> Any:
    (row,) = [row for row in overview(asked.backlogs())["services"] if row["service"] == "routing"]
    return row["concerns"]


def test_what_stays_late_is_a_concern_until_somebody_moves(office: Office, port: int) -> None:
    asked = desks(office, port)
    task_id = office.request()
    office.at(25)
    assert "tasks-overdue" not in concerns(asked)
    office.at(26)
    assert "tasks-overdue" in concerns(asked)
    told = asked.ask("routing", "GET", "/v1/overdue")
    assert [(item["task_id"], item["what"], item["due"], item["escalated"]) for item in told["items"]] == [
        (task_id, "acknowledge", "2026-11-24", True)
    ]
    office.put(task_id, state="rejected")
    assert "tasks-overdue" not in concerns(asked)


def test_what_is_late_is_told_to_nobody_without_the_key(office: Office, port: int) -> None:
    with pytest.raises(problems.Problem) as refused:
        desks(office, port, "another-key").ask("routing", "GET", "/v1/overdue")
    assert refused.value.status == 401
