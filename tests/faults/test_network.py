"""The short form of two faults that need no more than a minute: connections that are reset everywhere, and input of any kind.

`make faults` has all of them, with what each shows.
"""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.long.driver import run
from tests.faults.long.network import RESET_EVERYWHERE
from tests.faults.long.routes import EVERY_ROUTE, asked_everything
from tests.faults.long.scenario import Servers
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import EVERYTHING

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("WAYPOST_FAULT_SEED") or random.randrange(1_000_000))


@pytest.fixture
def servers(server_folder: Path, places: Path, postgres: Postgres, rabbitmq: RabbitMQ) -> Servers:
    return Servers(server_folder, places, postgres, rabbitmq)


def test_connections_reset_between_everybody_lose_and_repeat_nothing(servers: Servers, seed: int) -> None:
    # In one process: to start five takes longer than all the rest.
    row = run(replace(RESET_EVERYWHERE, groups=EVERYTHING), servers, seed, least=60)

    assert not row.trouble, row
    assert row.acknowledged >= 60


def test_no_route_answers_anything_with_a_fault_or_tells_of_a_family(servers: Servers, seed: int) -> None:
    row = asked_everything(replace(EVERY_ROUTE, on_default=True), servers, seed, examples=1)

    assert not row.trouble, row
