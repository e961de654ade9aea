"""The relay: sends what the outbox holds, in the order it was written, until the broker has confirmed it.

It looks for "not yet sent", never for "newer than the last", since transactions commit out of order. One relay at a time
works for a service: on PostgreSQL an advisory lock on the relay's own connection says which, so that events about one
referral keep their order and the agencies' feed its positions; when that process dies, the next takes over. What the
broker returns or refuses stays unsent, shows, and is tried again later. What is for an agency whose queue operations have
paused stays where it is.

The first events of a referral, which nothing unsent can precede, are sent by this process's relay as they were committed,
without a look: that is most of the way to an agency.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal
from sqlalchemy import Connection, Select, bindparam, func, or_, select, text, update

from shared.database.rows import update_rows
from shared.messaging.broker import AGENCIES, EVENTS, Broker, Outgoing, Publisher
from shared.messaging.pauses import QUEUE
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction, Unsent
from shared.metrics import Metrics
from shared.tracing import traceparent_in

log = structlog.get_logger(__name__)

BATCH = 200
POLL_SECONDS = 1.0
POLL_ALONE_SECONDS = 5.0
"""Where all who write are in this process, and ring: only what was put off has to be looked for."""
LONGEST_PAUSE = 10.0
RELAY_LOCK = 7702


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
        self.outbox = store.metadata.tables["outbox"]
        columns = (self.outbox.c[name] for name in ("id", "event_id", "type", "audience", "body"))
        # What was never put off is due whatever the clock says: it may have been ahead when the event was written.
        due = (self.outbox.c.due_at <= bindparam("now")) | (self.outbox.c.due_at == self.outbox.c.written_at)
        unsent = self.outbox.c.sent_at.is_(None) & due
        self._due = select(*columns).where(unsent).order_by(self.outbox.c.id).limit(BATCH)
        self._last = select(func.coalesce(func.max(self.outbox.c.position), 0))
        self._position: int | None = None
        self._poll = POLL_ALONE_SECONDS if store.database.is_sqlite else POLL_SECONDS
        self._leads = False
        self._must_look = True
        self._looked = 0.0
        self._found: tuple[frozenset[int], ...] = ()
        self._given: list[Unsent] = []
        self._bell = Signal()
        self._stopping = False
        store.on_new_events(self._take_over)

    def wake(self) -> None:
        """There is something to send."""
        self._must_look = True
        self._ring()

    def stop(self) -> None:
        self._stopping = True
        self._ring()

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
                        self._leads = True
                        self._send_until_stopped(connection, publisher)
                    finally:
                        self._leads, self._must_look = False, True
                        self.metrics.relay_leader.set(0)
                        publisher.close()
            except Exception as error:
                log.warning("relay.interrupted", service=self.store.service, error=type(error).__name__)
                eventlet.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _send_until_stopped(self, connection: Connection, publisher: Publisher) -> None:
        while not self._stopping:
            self._bell = Signal()
            # Less than a batch was all there was; what was written meanwhile has rung the bell.
            if self.send_waiting(connection, publisher) < BATCH:
                with eventlet.Timeout(self._poll, False):
                    self._bell.wait()
                publisher.beat()
            eventlet.sleep(self.pace)

    def send_waiting(self, connection: Connection, publisher: Publisher) -> int:
        """Sends one batch of what is due; answers how many events were confirmed.

        It is asked and marked on the connection that holds the lock: a relay that has lost it looks no more, and gives out
        no position.
        """
        rows = self._next(connection)
        if not rows:
            return 0
        began = time.time()
        unqueued = {row.id for row in rows if row.audience and row.audience not in self.queued_agencies}
        answers = publisher.publish([_outgoing(row) for row in rows if row.id not in unqueued])
        held = [row for row in rows if row.id in unqueued or answers.get(row.id, "") is None]
        kept = {row.id for row in held}
        if held:
            self._mark_sent(connection, held)
        if self.store.tracer.exports:
            self._trace(held, began)
        refused = {row.id: answers.get(row.id) or "not-confirmed" for row in rows if row.id not in kept}
        if refused:
            self._mark_refused(refused)
        return len(held)

    def _take_over(self, committed: Transaction) -> None:
        """Its events, or that there are some; what has been found already has been sent."""
        if self._leads and len(committed.unsent) == committed.events and len(self._given) < BATCH:
            self._given += [each for each in committed.unsent if not any(each.id in found for found in self._found)]
        else:
            self._must_look = True
        self._ring()

    def _ring(self) -> None:
        if not self._bell.ready():
            self._bell.send()

    def _next(self, connection: Connection) -> Sequence[Any]:
        """What was given; or, where there may be more and now and then in any case, all that is found, the given included."""
        given, self._given = self._given, []
        held_back = self.store.pauses.agencies(QUEUE)
        if given and not self._must_look and time.monotonic() < self._looked + self._poll:
            return [each for each in given if each.audience not in held_back]
        self._looked, self._must_look = time.monotonic(), False
        rows = connection.execute(self._due_now(held_back), {"now": self.store.resources.clock.now()}).all()
        self._must_look |= len(rows) == BATCH
        # Who has committed just now may give what was found only after it was sent.
        self._found = (*self._found[-2:], frozenset(row.id for row in rows))
        return rows

    def _due_now(self, held_back: Collection[str]) -> Select[Any]:
        if not held_back:
            return self._due
        audience = self.outbox.c.audience
        return self._due.where(or_(audience.is_(None), audience.not_in(sorted(held_back))))

    def _trace(self, held: list[Any], began: float) -> None:
        for row in held:
            about = {"waypost.audience": row.audience} if row.audience else {}
            with self.store.tracer.span(f"send {row.type}", "producer", traceparent_in(row.body), about, since=began):
                pass  # Sent already, with its batch.

    def _mark_sent(self, connection: Connection, held: list[Any]) -> None:
        """By the connection that holds the lock: a relay that has lost it gives out no position."""
        position, now, rows = self._last_position(connection), self.store.resources.clock.now(), []
        for row in held:
            position += 1 if row.audience else 0
            rows.append({"id": row.id, "sent_at": now, "position": position if row.audience else None})
        self._position = None  # Asked anew when this fails.
        if self.store.database.is_sqlite:
            with self.store.writing() as transaction:
                update_rows(transaction.connection, self.outbox, rows)
        else:
            update_rows(connection, self.outbox, rows)
        self._position = position
        self.metrics.sent(len(held))

    def _last_position(self, connection: Connection) -> int:
        """The last position that was given out: who relays alone asks only once."""
        return int(connection.execute(self._last).scalar_one()) if self._position is None else self._position

    def _mark_refused(self, refused: dict[int, str]) -> None:
        table = self.outbox
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
        self._position = None
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
                yield connection
            finally:
                connection.invalidate()  # Closed, not returned to the pool: the lock belongs to the session.


def _outgoing(row: Any) -> Outgoing:
    """What the services hear is routed by type; what an agency hears by the agency."""
    if row.audience:
        return Outgoing(row.id, row.event_id, AGENCIES, row.audience, row.body)
    return Outgoing(row.id, row.event_id, EVENTS, row.type, row.body)
