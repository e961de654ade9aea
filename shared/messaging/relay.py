"""The relay: sends what the outbox holds, in the order it was written, until the broker has confirmed it.

One relay at a time works for a service: on PostgreSQL an advisory lock on the relay's own connection says which, so that
events about one referral keep their order and the agencies' feed its positions; when that process dies, the next takes
over. What the broker returns or refuses stays unsent, shows, and is tried again later.
"""

import math
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import eventlet
import structlog
from sqlalchemy import Connection, func, select, text, update

from shared.database.rows import update_rows
from shared.messaging.broker import AGENCIES, EVENTS, Broker, Outgoing, Publisher
from shared.messaging.outbox import BATCH, POLL_SECONDS, Outbox
from shared.messaging.store import Store
from shared.metrics import Metrics
from shared.tracing import traceparent_in

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 10.0
MARKED_WITHIN = 0.1
"""Seconds in which what was sent is marked, with what is sent meanwhile; who is killed before sends it again."""
RELAY_LOCK = 7702
BY_INDEX = select(
    *(func.set_config(name, "off", False) for name in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"))
)
"""PostgreSQL makes the plan for marking once, and for a table that is still small that plan is to read all of it."""


class Relay:
    """One service's relay. `run` never returns until `stop`; `send_waiting` is one round of it."""

    def __init__(
        self,
        store: Store,
        broker: Broker,
        metrics: Metrics,
        queued_agencies: Collection[str] = (),
        pace: float = 0.0,
    ) -> None:
        """`pace` is the least time between two batches, in seconds: events that nobody waits for travel in company."""
        self.store = store
        self.pace = pace
        self.broker = broker
        self.metrics = metrics
        self.queued_agencies = frozenset(queued_agencies)
        self.table = store.metadata.tables["outbox"]
        self._last = select(func.coalesce(func.max(self.table.c.position), 0))
        self._position: int | None = None
        self._unmarked: list[tuple[Any, datetime]] = []
        self._mark_at = 0.0
        self.outbox = Outbox(store)
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True
        self.outbox.ring()

    def run(self) -> None:
        """Sends for ever; when broker or database are away, waits and begins again."""
        pause = 0.1
        while not self._stopping:
            try:
                with self._alone() as connection:
                    publisher = self.broker.publisher()
                    try:
                        pause = 0.1
                        self.metrics.relay_leader.set(1)
                        self.outbox.leads = True
                        self._send_until_stopped(connection, publisher)
                    finally:
                        self.outbox.leads = False
                        self.outbox.wake()
                        self.metrics.relay_leader.set(0)
                        publisher.close()
            except Exception as error:
                log.warning("relay.interrupted", service=self.store.service, error=type(error).__name__)
                eventlet.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _send_until_stopped(self, connection: Connection, publisher: Publisher) -> None:
        try:
            while not self._stopping:
                self.outbox.listen()
                # Less than a batch was all there was; what was written meanwhile has rung the bell.
                if self.send_waiting(connection, publisher) < BATCH:
                    self.outbox.wait(self._mark_at - time.monotonic() if self._unmarked else math.inf)
                    publisher.beat()
                eventlet.sleep(self.pace)
        except Exception:
            self._mark(connection)  # The broker may be away; what it has confirmed need not be sent again.
            raise
        self._mark(connection)

    def send_waiting(self, connection: Connection, publisher: Publisher) -> int:
        """Sends one batch of what is due; answers how many events were confirmed.

        It is asked and marked on the connection that holds the lock: a relay that has lost it looks no more, and gives out
        no position.
        """
        looks = self.outbox.is_to_look
        if looks or time.monotonic() >= self._mark_at:
            self._mark(connection)  # What is sent must not be found.
        rows = self.outbox.look(connection) if looks else self.outbox.given()
        if not rows:
            return 0
        began = time.time()
        unqueued = {row.id for row in rows if row.audience and row.audience not in self.queued_agencies}
        answers = publisher.publish([_outgoing(row) for row in rows if row.id not in unqueued])
        held = [row for row in rows if row.id in unqueued or answers.get(row.id, "") is None]
        kept = {row.id for row in held}
        self._keep(held)
        if unqueued or self.store.database.is_sqlite:
            self._mark(connection)  # The feed shows what is marked.
        if self.store.tracer.exports:
            self._trace(held, began)
        refused = {row.id: answers.get(row.id) or "not-confirmed" for row in rows if row.id not in kept}
        if refused:
            self._mark_refused(refused)
        return len(held)

    def _trace(self, held: list[Any], began: float) -> None:
        for row in held:
            about = {"waypost.audience": row.audience} if row.audience else {}
            with self.store.tracer.span(f"send {row.type}", "producer", traceparent_in(row.body), about, since=began):
                pass  # Sent already, with its batch.

    def _keep(self, held: list[Any]) -> None:
        """What was sent now, until it is marked."""
        if held and not self._unmarked:
            self._mark_at = time.monotonic() + MARKED_WITHIN
        now = self.store.resources.clock.now()
        self._unmarked += [(row, now) for row in held]

    def _mark(self, connection: Connection) -> None:
        """By the connection that holds the lock: a relay that has lost it gives out no position."""
        if not self._unmarked:
            return
        position, rows = self._last_position(connection), []
        for row, sent_at in self._unmarked:
            position += 1 if row.audience else 0
            rows.append({"id": row.id, "sent_at": sent_at, "position": position if row.audience else None})
        self._position = None  # Asked anew when this fails.
        if self.store.database.is_sqlite:
            with self.store.writing() as transaction:
                update_rows(transaction.connection, self.table, rows)
        else:
            update_rows(connection, self.table, rows)
        self._position, self._unmarked = position, []
        self.metrics.sent(len(rows))

    def _last_position(self, connection: Connection) -> int:
        """The last position that was given out: who relays alone asks only once."""
        return int(connection.execute(self._last).scalar_one()) if self._position is None else self._position

    def _mark_refused(self, refused: dict[int, str]) -> None:
        table = self.table
        with self.store.writing() as transaction:
            for row_id, problem in refused.items():
                transaction.execute(
                    update(table)
                    .where(table.c.id == row_id)
                    .values(
                        attempts=table.c.attempts + 1,
                        problem=problem,
                        due_at=transaction.now + timedelta(seconds=LONGEST_PAUSE),
                    )
                )
        for problem in refused.values():
            self.metrics.not_sent(problem)
            log.warning("event.unsent", service=self.store.service, problem=problem)

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """A connection that has the right to relay for this service; losing the connection gives the right back."""
        self._position, self._unmarked = None, []
        with self.store.database.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if self.store.database.is_sqlite:
                yield connection
                return
            lock = {"key": RELAY_LOCK, "service": self.store.service}
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key, hashtext(:service))"), lock).scalar():
                eventlet.sleep(POLL_SECONDS)
                if self._stopping:
                    break
            try:
                connection.execute(BY_INDEX)
                yield connection
            finally:
                connection.invalidate()  # Closed, not returned to the pool: the lock belongs to the session.


def _outgoing(row: Any) -> Outgoing:
    """What the services hear is routed by type; what an agency hears by the agency."""
    if row.audience:
        return Outgoing(row.id, row.event_id, AGENCIES, row.audience, row.body)
    return Outgoing(row.id, row.event_id, EVENTS, row.type, row.body)
