"""`python -m tests.support.hurried run`: Waypost with a clock that a test moves, and timers that come round soon.

What services do each minute or hour by a timer they do twice a second: a test that moves time by days need not wait for it.
How the clock is moved: `tests.faults.long.shifted`.
"""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

from shared.green import patch  # noqa: E402

patch()

import runpy  # noqa: E402
from typing import Any  # noqa: E402

import tests.faults.long.shifted  # noqa: E402, F401 from here on the clock is the test's
from shared.timer import Timer  # noqa: E402

SELDOM, OFTEN = 60, 0.5
_init: Any = Timer.__init__


def _hurry(timer: Any, interval: float, *arguments: Any, **options: Any) -> None:
    _init(timer, OFTEN if interval >= SELDOM else interval, *arguments, **options)


if __name__ == "__main__":
    setattr(Timer, "__init__", _hurry)  # noqa: B010 mypy refuses the plain way
    runpy.run_module("services", run_name="__main__", alter_sys=True)
