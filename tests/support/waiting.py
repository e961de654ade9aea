"""Waiting for what comes to be, and failing when it does not: for tests whose world eventlet has patched."""

import time
from collections.abc import Callable
from typing import Any

import eventlet


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true answer; fails when there is none in time."""
    with eventlet.Timeout(seconds, AssertionError("it did not come to be")):
        asked = time.monotonic()
        while not (answer := holds()):
            # What is awaited needs the processor too, and in this very process.
            eventlet.sleep(max(0.02, 2 * (time.monotonic() - asked)))
            asked = time.monotonic()
    return answer
