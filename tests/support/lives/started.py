"""A running Waypost whose clock a test moves: the default, all services in one process on SQLite, with the broker inside."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.lives.witness import Witness
from tests.support.routing_model import AGENCIES
from tests.support.system import EVERYTHING, System, running

RATES = ("KEY_RATE", "KEY_BURST", "ADDRESS_RATE", "ADDRESS_BURST", "FAILED_BURST")
ENVIRONMENT = {
    **{f"WAYPOST_{name}": "1000000" for name in RATES},
    **{f"WAYPOST_AGENCY_MAIL_{name.upper().replace('-', '_')}": f"{name}@example.org" for name in AGENCIES},
}


@contextmanager
def started(folder: Path, places: Path) -> Iterator[Witness]:
    """`folder` is empty; `places` is as `tests.support.system.places_folder` makes it."""
    (folder / "var").mkdir()
    (folder / "var" / "places").symlink_to(places)
    (clock := folder / "clock").write_text("0")
    system = System("default", folder, {**ENVIRONMENT, "WAYPOST_TEST_CLOCK": str(clock)}, EVERYTHING)
    system.process("everything").command[2] = "tests.support.hurried"
    with running(system):
        yield Witness(system, clock)
