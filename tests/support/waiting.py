"""Waiting for what comes to be, and failing when it does not: for tests whose world eventlet has patched."""

from collections.abc import Callable
from typing import Any

import eventlet


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true answer; fails when there is none in time."""
    with eventlet.Timeout(seconds, AssertionError("it did not come to be")):
        while not (answer := holds()):
            eventlet.sleep(0.02)
    return answer
