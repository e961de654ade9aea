"""`python -m tests.faults.long.shifted run routing`: Waypost with a clock that a test moves.

WAYPOST_TEST_CLOCK names a file that holds how many seconds the clock is ahead; it is read each time that somebody asks for the
time. What measures how long something takes, as timeouts do, is left alone, as it is when a machine's clock is set.
"""

import os
import runpy
import time
from datetime import UTC, datetime
from pathlib import Path

from shared import clock

_file = Path(os.environ["WAYPOST_TEST_CLOCK"])
_time, _time_ns = time.time, time.time_ns


def ahead() -> float:
    return float(_file.read_text() or 0)


time.time = lambda: _time() + ahead()
time.time_ns = lambda: _time_ns() + int(ahead() * 1e9)
setattr(clock.SystemClock, "now", lambda _: datetime.fromtimestamp(time.time(), UTC))  # noqa: B010 mypy refuses the plain way

if __name__ == "__main__":
    runpy.run_module("services", run_name="__main__", alter_sys=True)
