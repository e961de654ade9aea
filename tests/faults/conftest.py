"""What the systems under fault stand on: the index of all postcodes."""

from pathlib import Path

import pytest

from tests.support.families import registers
from tests.support.system import places_folder


@pytest.fixture(scope="session")
def places(server_folder: Path) -> Path:
    return places_folder(server_folder, *registers(server_folder))
