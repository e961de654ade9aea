"""What the systems under fault stand on: the index of all postcodes, and a PostgreSQL that can be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.families import registers
from tests.support.postgres import Postgres
from tests.support.system import places_folder


@pytest.fixture(scope="session")
def places(server_folder: Path) -> Path:
    return places_folder(server_folder, *registers(server_folder))


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """Durable as in production. A test that kills it must leave it started."""
    (folder := server_folder / "durable-postgres").mkdir()
    server = Postgres(folder)
    try:
        yield server.start()
    finally:
        server.stop()
