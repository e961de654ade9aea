"""Fixtures for every test: servers of our own, started when first asked for, and a clean pair for each test."""

# Services run on eventlet, patched before anything else is imported; tests of their parts must see the same world, and
# a module imported before the patch would keep the blocking socket, lock or clock that it found.
from shared.green import patch

patch()

import signal  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

from tests.support import logbook  # noqa: E402
from tests.support.garbage import collect_rarely  # noqa: E402
from tests.support.kept_databases import KeptDatabases  # noqa: E402
from tests.support.pairs import Pair, default_pair, scale_pair, stores_at_scale  # noqa: E402
from tests.support.postgres import Postgres  # noqa: E402
from tests.support.rabbitmq import RabbitMQ  # noqa: E402

# A run that is told to end (a time limit, a cancelled job) stops its servers as at Ctrl-C, and leaves none behind.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish() -> None:
    collect_rarely()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder for servers. PostgreSQL, which root starts as another user, cannot look into the one that pytest has."""
    with tempfile.TemporaryDirectory(prefix="waypost-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@pytest.fixture(scope="session", autouse=True)
def logs_name_nobody(pytestconfig: pytest.Config, server_folder: Path) -> Iterator[None]:
    """At the end of the run every log of it is read: those of servers too, whose folder is still there."""
    logbook.keep(server_folder, pytestconfig)
    yield
    logbook.check()


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL for the whole run."""
    (folder := server_folder / "postgres").mkdir()
    server = Postgres(folder, durable=False)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def rabbitmq(server_folder: Path) -> Iterator[RabbitMQ]:
    """A RabbitMQ for the whole run. A test that kills it must leave it started."""
    (folder := server_folder / "rabbitmq").mkdir()
    server = RabbitMQ(folder)
    try:
        yield server.start()
    finally:
        server.discard()


@pytest.fixture(scope="session")
def kept_databases(postgres: Postgres) -> KeptDatabases:
    """What one test leaves on it and the next can use."""
    return KeptDatabases(postgres)


@pytest.fixture
def fresh_database(kept_databases: KeptDatabases) -> Iterator[str]:
    """The name of a database that has nothing in its tables, or no tables."""
    name = kept_databases.take()
    yield name
    kept_databases.give_back(name)


@pytest.fixture(params=["default", "scale"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """A fresh database and broker of each kind in turn: what is written for one must work on both."""
    if request.param == "default":
        return default_pair(tmp_path)
    server = request.getfixturevalue("postgres")
    return scale_pair(server, request.getfixturevalue("rabbitmq"), request.getfixturevalue("fresh_database"))


@pytest.fixture(params=["default", "scale"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """A fresh database of each kind in turn, for what only stores: whoever connects to its broker is turned away."""
    if request.param == "default":
        return default_pair(tmp_path)
    return stores_at_scale(request.getfixturevalue("postgres"), request.getfixturevalue("fresh_database"))
