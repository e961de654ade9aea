"""PostgreSQL connections that block for a few milliseconds at the most, and beyond that let the other green threads run.

psycopg's own wait stops every green thread until the answer comes. Short queries are cheaper so (a switch costs more than
the query), but a lock or a restart must not stop heartbeats: what is not there after SHORT is awaited by eventlet's hub.
"""

import select
import time
from collections.abc import Generator
from typing import Any

import psycopg
from eventlet import patcher
from eventlet.hubs import trampoline
from psycopg._enums import Ready, Wait

SHORT = 0.004
_poll = patcher.original("select").poll


class GreenConnection(psycopg.Connection[Any]):
    """A psycopg connection for use under eventlet."""

    def wait(self, gen: Generator[Any, Any, Any], interval: float = 0.0, timeout: float | None = None) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            wanted = next(gen)
            while True:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                ready = _ready_soon(self.pgconn.socket, wanted) or _ready_later(self.pgconn.socket, wanted, left)
                wanted = gen.send(ready)
        except StopIteration as finished:
            return finished.value


def _ready_soon(descriptor: int, wanted: Wait) -> int:
    poll = _poll()
    poll.register(descriptor, (wanted & Wait.R and select.POLLIN) | (wanted & Wait.W and select.POLLOUT))
    ready = 0
    for _, happened in poll.poll(SHORT * 1000):
        if happened & ~select.POLLOUT:
            ready |= Ready.R
        if happened & select.POLLOUT:
            ready |= Ready.W
    return ready & int(wanted) or (ready and int(wanted))


def _ready_later(descriptor: int, wanted: Wait, timeout: float | None) -> int:
    """Waits in the hub; writing is rare and short, so both ways are awaited as the one that the query needs first."""
    reading = bool(wanted & Wait.R)
    trampoline(descriptor, read=reading, write=not reading, timeout=timeout, timeout_exc=psycopg.OperationalError)
    return int(Ready.R if reading else Ready.W)
