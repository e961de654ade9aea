"""PostgreSQL connections that block for a millisecond at the most, and beyond that let the other green threads run.

psycopg's own wait stops every green thread until the answer comes. Short queries are cheaper so (a switch costs more than
the query), but a lock or a restart must not stop heartbeats: what is not there after SHORT is awaited by eventlet's hub.
What is not there after LONGEST never comes: the other side, or something between, has forgotten the connection.
"""

import select
import time
from collections.abc import Generator
from typing import Any

import psycopg
from eventlet import patcher
from eventlet.hubs import trampoline
from psycopg._enums import Ready, Wait

SHORT = 0.001
LONGEST = 65.0
"""Seconds. The server ends every statement before that (`statement_timeout`), so it answers sooner, or not at all."""
_poll = patcher.original("select").poll


class GreenConnection(psycopg.Connection[Any]):
    """A psycopg connection for use under eventlet."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.patience = SHORT
        self._polls: dict[int, Any] = {}

    def wait(self, gen: Generator[Any, Any, Any], interval: float = 0.0, timeout: float | None = None) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            wanted = next(gen)
            while True:
                ready = self._ready_soon(wanted) or self._ready_later(wanted, deadline)
                wanted = gen.send(ready)
        except StopIteration as finished:
            return finished.value

    def _ready_soon(self, wanted: int) -> int:
        poll = self._polls.get(wanted)
        if poll is None:
            poll = self._polls[wanted] = _poll()
            events = (wanted & Wait.R and select.POLLIN) | (wanted & Wait.W and select.POLLOUT)
            poll.register(self.pgconn.socket, events)
        for _, happened in poll.poll(self.patience * 1000):
            ready = (happened & ~select.POLLOUT and Ready.R) | (happened & select.POLLOUT and Ready.W)
            # A broken connection is ready for whatever is wanted: the next step finds out.
            return int(ready & wanted) or wanted
        return 0

    def _ready_later(self, wanted: int, deadline: float | None) -> int:
        """Waits in the hub, which awaits one way at a time: for writing while there is something left to write."""
        left = LONGEST if deadline is None else max(0.0, deadline - time.monotonic())
        writing = bool(wanted & Wait.W)
        try:
            trampoline(self.pgconn.socket, read=not writing, write=writing, timeout=left, timeout_exc=_Silent)
        except _Silent:
            # Closed, so that nobody asks anything else on it, not even to roll back.
            self.pgconn.finish()
            raise psycopg.OperationalError("the database does not answer") from None
        return int(Ready.W if writing else Ready.R)


class _Silent(Exception):
    """The wait is over and nothing has come."""
