"""All that is logged while tests run, by servers and by services in the tests' own process; and the proof that it names nobody.

logbook.keep(folder, config)    from now on, lines of this process are kept as a service would write them, and shown with
                                the test that they belong to
logbook.check()                 reads every log of the run; fails, and says where somebody is named
"""

import json
import sys
from pathlib import Path
from typing import TextIO

import pytest

from services.commands.demo import EXAMPLE
from shared import logs
from tests.support.personal import found_in
from tests.support.process import LOGS

MOST = 20
WELCOME = json.dumps(EXAMPLE)
"""The referral to be pasted that `waypost run` shows a newcomer, on standard output."""


class Kept:
    """Writes to a file and to wherever standard error leads at the moment, which pytest changes with every test.

    Between two tests, where services go on while the next one's time limit is set, it would lead to the screen: only where
    pytest keeps nothing back at all do lines go there.
    """

    def __init__(self, file: TextIO, on_screen: bool) -> None:
        self._file = file
        self._on_screen = on_screen

    def write(self, text: str) -> int:
        self._file.write(text)
        return sys.stderr.write(text) if self._on_screen or sys.stderr is not sys.__stderr__ else len(text)

    def flush(self) -> None:
        sys.stderr.flush()


def keep(folder: Path, config: pytest.Config) -> None:
    path = folder / "tests.log"
    logs.configure("info", Kept(path.open("a", buffering=1), on_screen=config.getoption("capture") == "no"))
    LOGS.append(path)


def check() -> None:
    """Raises AssertionError when a log names somebody, or is not there to be read."""
    assert not (gone := [path for path in LOGS if not path.exists()]), f"nobody has read these logs: {gone}"
    named = [place for path in dict.fromkeys(LOGS) for place in places_in(path)]
    assert not named, "Logs name somebody:\n" + "\n".join(named[:MOST])


def places_in(path: Path) -> list[str]:
    """Where a log names somebody, and as what."""
    with path.open(errors="replace") as lines:
        read = ((number, found_in(line.replace(WELCOME, ""))) for number, line in enumerate(lines, 1))
        return [f"{path}:{number}: {found}" for number, found in read if found]
