"""The inbox: every message that arrives has its effect once, or is kept for retry, or is parked for a person.

A batch is handled in one transaction: inbox rows, effects and outgoing events commit together, and only then does the
caller acknowledge. If anything in it fails it is done one by one, so that one bad message delays no other. A failure is
written down with its attempts and a due time; after the last attempt, or at once when the message cannot be read, it is
parked. When not even that can be written (the database is away) `take` raises: the caller keeps the messages and waits.

While operations have paused the handling, what comes is written down as due and tried when they resume.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from greenlet import GreenletExit
from sqlalchemy.exc import DataError, IntegrityError

from shared.contracts.envelope import Event, EventSchema, Unreadable, read
from shared.contracts.registry import schema_for
from shared.database.rows import insert_or
from shared.messaging.failures import WAITING, Failures, Problem, problem_of
from shared.messaging.retry import RetryPolicy
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.metrics import Metrics
from shared.tracing import Origin

Handler = Callable[[Transaction, Event], None]
Handlers = Mapping[type[EventSchema], Handler]

log = structlog.get_logger(__name__)

STOPPING = (GreenletExit, SystemExit, KeyboardInterrupt)


class Inbox:
    """One service's inbox. `handlers` says what each event type does; other types are noted and do nothing."""

    def __init__(self, store: Store, handlers: Handlers, metrics: Metrics, policy: RetryPolicy | None = None) -> None:
        self.store = store
        self.failures = Failures(store, policy or RetryPolicy(), metrics)
        self._handlers = {schema.type(): handler for schema, handler in handlers.items()}
        self._schemas = {schema.type(): schema_for(schema) for schema in handlers}
        self._metrics = metrics
        self.inbox = store.metadata.tables["inbox"]

    def take(self, bodies: Sequence[bytes]) -> None:
        """Takes a batch. On return each message is done, held, due for retry or parked; raises when that cannot be written."""
        events: dict[str, tuple[Event, bytes]] = {}
        for body in bodies:
            try:
                event = read(body, self._schemas)
            except Unreadable as error:
                self._park_unreadable(body, error)
            else:
                events[event.id] = (event, body)
        if not events:
            return
        oldest = min(event.time for event, _ in events.values())
        self._metrics.took((self.store.resources.clock.now() - oldest).total_seconds())
        if self.store.pauses.handling:
            self.failures.hold(events.values())
        elif not self._handle_batch([event for event, _ in events.values()]):
            for event, body in events.values():
                self._handle_one(event, body)

    def retry_due(self, most: int = 100) -> int:
        """Tries again what is due, each in a transaction of its own; answers how many were tried. None while paused."""
        if self.store.pauses.handling:
            return 0
        for tried in range(most):
            if not self._retry_one():
                return tried
        return most

    def _handle_batch(self, events: list[Event]) -> bool:
        """Hopefully at first: nearly always all events are new, and PostgreSQL is asked a fraction of the questions."""
        started = time.perf_counter()
        for hopeful in (False,) if self.store.database.is_sqlite else (True, False):
            try:
                with self.store.writing() as transaction:
                    handled = list(self._apply(transaction, events, hopeful))
            except STOPPING:
                raise
            except BaseException as error:
                if hopeful and isinstance(error, (IntegrityError, DataError)):
                    continue  # Something was there already: once more, with care.
                log.info("batch.split", service=self.store.service, size=len(events), error=type(error).__name__)
                return False
            self._tell_done(handled, started)
            return True
        return False

    def _apply(self, transaction: Transaction, events: list[Event], hopeful: bool = False) -> Iterator[Event]:
        """Handles those that are new. In a hopeful transaction all are; where that is wrong it fails as it is written."""
        transaction.hopeful = hopeful
        new = self._expect(transaction, events) if hopeful else self._admit(transaction, events)
        for event in events:
            if event.id in new:
                handler = self._handlers.get(event.type)
                if handler is not None:
                    self._handle(handler, transaction, event)
                yield event

    def _tell_done(self, handled: list[Event], started: float) -> None:
        """One line for each transaction, of one event or of two hundred; nothing where all were known already."""
        if not handled:
            return
        types = Counter(event.type for event in handled)
        for kind, count in types.items():
            self._metrics.handled(kind, "done", count)
        log.info(
            "events.handled",
            service=self.store.service,
            types=types,
            ms=round((time.perf_counter() - started) * 1000, 2),
            correlation_ids=[event.correlation_id for event in handled],
        )

    def _handle(self, handler: Handler, transaction: Transaction, event: Event) -> None:
        started = time.perf_counter()
        with self.store.tracer.span(f"handle {event.type}", "consumer", event.traceparent) as span:
            transaction.origin = Origin(event.correlation_id, span.traceparent)
            handler(transaction, event)
        self._metrics.handler_ran(event.type, time.perf_counter() - started)

    def _expect(self, transaction: Transaction, events: list[Event]) -> set[str]:
        """Inbox rows are written with all else; one that is there already, or waits for a retry, fails the transaction."""
        transaction.refuse(self.inbox, WAITING)
        for row in _rows(transaction, events):
            transaction.insert(self.inbox, **row)
        return {event.id for event in events}

    def _admit(self, transaction: Transaction, events: list[Event]) -> set[str]:
        """Writes inbox rows; answers the ids that were not there, less those that already wait for a retry."""
        rows = _rows(transaction, events)
        written = insert_or(transaction.connection, self.inbox, rows, "DO NOTHING", "event_id", unless=WAITING)
        return {event_id for (event_id,) in written}

    def _handle_one(self, event: Event, body: bytes) -> None:
        started = time.perf_counter()
        try:
            with self.store.writing() as transaction:
                handled = list(self._apply(transaction, [event]))
        except STOPPING:
            raise
        except BaseException as error:
            self.failures.write(event.id, event.type, event.subject, body, problem_of(error))
        else:
            self._tell_done(handled, started)

    def _park_unreadable(self, body: bytes, error: Unreadable) -> None:
        event_id = error.event_id or "unreadable-" + hashlib.sha256(body).hexdigest()[:32]
        problem = Problem(error.code, "shared.contracts.envelope:read", final=True)
        self.failures.write(event_id, "unreadable", "unknown", body, problem)

    def _retry_one(self) -> bool:
        started = time.perf_counter()
        with self.store.reading() as connection:
            if self.failures.due(connection) is None:
                return False
        row = None
        try:
            with self.store.writing() as transaction:
                row = self.failures.due(transaction.connection)
                if row is None:
                    return False
                event = read(self.failures.body_of(row.event_id, row.body), self._schemas)
                self.failures.leave(transaction, row)
                handled = list(self._apply(transaction, [event]))
                self.failures.note_attempts(transaction, row)
        except STOPPING:
            raise
        except BaseException as error:
            if row is None:
                raise
            self.failures.write_again(row.event_id, row.type, row.attempts + 1, problem_of(error))
        else:
            self._tell_done(handled, started)
        return True


def _rows(transaction: Transaction, events: list[Event]) -> list[dict[str, Any]]:
    return [
        {"event_id": event.id, "type": event.type, "subject": event.subject, "taken_at": transaction.now}
        for event in events
    ]
