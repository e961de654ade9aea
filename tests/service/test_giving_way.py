"""A process whose services can all wait gives way to the others; one with a service that somebody waits for does not."""

import subprocess
import sys

import pytest

from shared.runner import NICENESS

CHILD = """
import os, sys
from services.catalogue import service_class
from shared.runner import AUTOGROUP, give_way

give_way([service_class(name) for name in sys.argv[1:]])
print(os.nice(0), *(AUTOGROUP.read_text().split()[-1:] if AUTOGROUP.exists() else []))
"""


@pytest.mark.parametrize(
    ("services", "niceness"),
    [(["notifications"], NICENESS), (["notifications", "routing"], 0), (["routing"], 0)],
)
def test_a_process_gives_way_where_all_its_services_can_wait(services: list[str], niceness: int) -> None:
    command = [sys.executable, "-W", "ignore", "-c", CHILD, *services]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True)
    own, *of_the_session = done.stdout.split()

    assert int(own) == niceness
    assert set(of_the_session) <= {str(niceness)}
