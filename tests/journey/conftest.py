"""The whole system on each pair, started once for all journeys: each journey refers a family of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.callers import World, by_feed, by_queue
from tests.support.families import registers
from tests.support.pairs import scale_pair
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import EVERYTHING, default_system, places_folder, scale_system

MAIL = {
    # Every route is asked by nobody in particular, from one address.
    "WAYPOST_FAILED_BURST": "1000",
    "WAYPOST_AGENCY_MAIL_FAMILIES_APART": "families-apart@example.org",
    "WAYPOST_AGENCY_MAIL_TIME_MATTERS": "time-matters@example.org",
}


@pytest.fixture(scope="session")
def places(server_folder: Path) -> Path:
    return places_folder(server_folder, *registers(server_folder))


@pytest.fixture(scope="session", params=["default", "scale"])
def world(request: pytest.FixtureRequest, places: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Over HTTP on both pairs; agencies hear by the feed on the default, by their own queue at scale."""
    folder = tmp_path_factory.mktemp(f"journeys-{request.param}")
    if request.param == "default":
        with default_system(folder, places, **MAIL) as system:
            yield World.of(system, by_feed(system, "families-apart"), by_feed(system, "time-matters"))
        return
    rabbitmq: RabbitMQ = request.getfixturevalue("rabbitmq")
    pair = scale_pair(request.getfixturevalue("postgres"), rabbitmq)
    with scale_system(folder, places, pair, EVERYTHING, **MAIL) as system:
        queues = [by_queue(system, agency, rabbitmq.management_url) for agency in ("families-apart", "time-matters")]
        yield World.of(system, *queues)
