"""Outcomes of messages, written together a few times a second: each by itself costs more than many a sending.

A kill repeats at most what was sent in the last moment, under the same ids. Where sending is slow, each outcome is written
before the next message has gone.
"""

from collections.abc import Callable
from typing import Any

import eventlet
import structlog
from eventlet.semaphore import Semaphore

from services.notifications import deliveries
from services.notifications.deliveries import Outcome
from services.notifications.domain import FAILED, SENT
from shared.messaging.store import Store

log = structlog.get_logger(__name__)

WRITTEN_WITHIN = 0.05


class Outcomes:
    """Those of one batch. `add` each; `write` at the end, which raises when they cannot be written."""

    def __init__(self, store: Store, count: Callable[[str, str], None]) -> None:
        self._store = store
        self._count = count
        self._waiting: list[Outcome] = []
        self._writing = Semaphore(1)
        self._timer: Any = None
        self.sent = False
        """Whether any was sent."""

    def add(self, outcome: Outcome) -> None:
        """Written within WRITTEN_WITHIN seconds."""
        self._waiting.append(outcome)
        self.sent = self.sent or outcome.status == SENT
        if self._timer is None:
            self._timer = eventlet.spawn_after(WRITTEN_WITHIN, self._write_soon)

    def write(self) -> None:
        """Writes what waits; returns when all is written that was added before."""
        with self._writing:
            outcomes, self._waiting = self._waiting, []
            if not outcomes:
                return
            try:
                written = deliveries.end(self._store, outcomes)
            except BaseException:
                self._waiting = outcomes + self._waiting
                raise
        for outcome in outcomes:
            self._tell(outcome, outcome.delivery.id in written)

    def _write_soon(self) -> None:
        self._timer = None
        try:
            self.write()
        except Exception as error:
            # They wait for the end of the batch, which tells whoever sends.
            log.warning("outcomes.wait", service=self._store.service, error=type(error).__name__)

    def _tell(self, outcome: Outcome, written: bool) -> None:
        if written:
            self._count(outcome.channel, outcome.status)
        log.log(
            40 if outcome.status == FAILED else 20,
            f"message.{outcome.status}" if written else "message.claim-lost",
            delivery_id=outcome.delivery.id,
            template=outcome.delivery.template,
            problem=outcome.problem,
        )
