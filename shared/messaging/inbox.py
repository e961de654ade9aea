"""The inbox: every message that arrives has its effect once, or is kept for retry, or is parked for a person.

A batch is handled in one transaction: inbox rows, effects and outgoing events commit together, and only then does the
caller acknowledge. If anything in it fails it is done one by one, so that one bad message delays no other. A failure is
written down with its attempts and a due time; after the last attempt, or at once when the message cannot be read, it is
parked. When not even that can be written (the database is away) `take` raises: the caller keeps the messages and waits.

While operations have paused the handling, what comes is written down as due and tried when they resume.
"""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from greenlet import GreenletExit
from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from shared.contracts.envelope import Event, EventSchema, Unreadable, read
from shared.contracts.registry import schema_for
from shared.database.rows import insert_or
from shared.logs import place_of
from shared.messaging.pauses import HELD
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.metrics import Metrics
from shared.tracing import Origin

Handler = Callable[[Transaction, Event], None]
Handlers = Mapping[type[EventSchema], Handler]

log = structlog.get_logger(__name__)

KEPT_OF_UNREADABLE = 64 * 1024
WAITING = "EXISTS (SELECT 1 FROM failures WHERE failures.event_id = given.event_id)"
STOPPING = (GreenletExit, SystemExit, KeyboardInterrupt)


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed event is tried again: after about 2, 4, 8 … seconds, at most 15 minutes; parked after the last."""

    attempts: int = 10
    first: float = 2.0
    longest: float = 900.0

    def due(self, now: datetime, attempts: int) -> datetime | None:
        """The next try after `attempts` failed ones, or None to park. Jittered: what failed together returns apart."""
        if attempts >= self.attempts:
            return None
        wait = min(self.first * 2 ** (attempts - 1), self.longest)
        return now + timedelta(seconds=wait * random.uniform(0.5, 1.0))


@dataclass(frozen=True)
class Problem:
    """What went wrong with a message: the error's type and place, never what the message held."""

    error: str
    place: str
    final: bool


class Inbox:
    """One service's inbox. `handlers` says what each event type does; other types are noted and do nothing."""

    def __init__(self, store: Store, handlers: Handlers, metrics: Metrics, policy: RetryPolicy | None = None) -> None:
        self.store = store
        self.policy = policy or RetryPolicy()
        self._handlers = {schema.type(): handler for schema, handler in handlers.items()}
        self._schemas = {schema.type(): schema_for(schema) for schema in handlers}
        self._metrics = metrics
        tables = store.metadata.tables
        self.inbox, self.failures = tables["inbox"], tables["failures"]

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
            self._hold(events.values())
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

    def _hold(self, events: Iterable[tuple[Event, bytes]]) -> None:
        """Keeps messages as due now and never tried, unless they have had their effect or are kept already."""
        with self.store.writing() as transaction:
            now = transaction.now
            rows = [
                {
                    "event_id": event.id,
                    "type": event.type,
                    "subject": event.subject,
                    "body": self.store.resources.keyring.seal(event.id, body),
                    "size": len(body),
                    "error": HELD,
                    "place": "",
                    "attempts": 0,
                    "failed_at": now,
                    "first_failed_at": now,
                    "due_at": now,
                }
                for event, body in events
            ]
            done = "EXISTS (SELECT 1 FROM inbox WHERE inbox.event_id = given.event_id)"
            held = insert_or(transaction.connection, self.failures, rows, "DO NOTHING", "type", unless=done)
        for kind, count in Counter(kind for (kind,) in held).items():
            self._metrics.handled(kind, "held", count)

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
            self._write_failure(event.id, event.type, event.subject, body, _problem(error))
        else:
            self._tell_done(handled, started)

    def _park_unreadable(self, body: bytes, error: Unreadable) -> None:
        event_id = error.event_id or "unreadable-" + hashlib.sha256(body).hexdigest()[:32]
        problem = Problem(error.code, "shared.contracts.envelope:read", final=True)
        self._write_failure(event_id, "unreadable", "unknown", body, problem)

    def _write_failure(self, event_id: str, kind: str, subject: str, body: bytes, problem: Problem) -> None:
        """First failure of a message. Its body is sealed, since nobody knows what an unreadable one holds."""
        dialect = sqlite if self.store.database.is_sqlite else postgresql
        with self.store.writing() as transaction:
            now = transaction.now
            due = None if problem.final else self.policy.due(now, 1)
            insert = dialect.insert(self.failures).on_conflict_do_nothing()
            row = {
                "event_id": event_id[:80],
                "type": kind[:120],
                "subject": subject[:80],
                "body": self.store.resources.keyring.seal(event_id[:80], body[:KEPT_OF_UNREADABLE]),
                "size": len(body),
                "error": problem.error[:80],
                "place": problem.place[:200],
                "attempts": 1,
                "failed_at": now,
                "first_failed_at": now,
                "due_at": due,
                "parked_at": None if due else now,
            }
            known = select(self.inbox.c.event_id).where(self.inbox.c.event_id == event_id[:80])
            if transaction.execute(known).first() is None:
                transaction.execute(insert, row)
        outcome = "retry" if due else "parked"
        self._metrics.handled(kind, outcome)
        log.warning(
            f"event.{outcome}",
            service=self.store.service,
            event_id=event_id[:80],
            error=problem.error,
            place=problem.place,
        )

    def _retry_one(self) -> bool:
        started = time.perf_counter()
        table = self.failures
        due = (
            select(table)
            .where(table.c.due_at <= self.store.resources.clock.now())
            .order_by(table.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self.store.reading() as connection:
            if connection.execute(due).first() is None:
                return False
        row = None
        try:
            with self.store.writing() as transaction:
                row = transaction.execute(due).first()
                if row is None:
                    return False
                event = read(self.body_of(row.event_id, row.body), self._schemas)
                transaction.execute(delete(table).where(table.c.event_id == row.event_id))
                handled = list(self._apply(transaction, [event]))
                self._note_attempts(transaction, row)
        except STOPPING:
            raise
        except BaseException as error:
            if row is None:
                raise
            self._write_again(row.event_id, row.type, row.attempts + 1, _problem(error))
        else:
            self._tell_done(handled, started)
        return True

    def _note_attempts(self, transaction: Transaction, row: Row[Any]) -> None:
        """What it took: the failure itself is gone with its row."""
        before = {"attempts": row.attempts + 1, "first_failed_at": row.first_failed_at, "error": row.error}
        transaction.execute(self.inbox.update().where(self.inbox.c.event_id == row.event_id).values(**before))

    def _write_again(self, event_id: str, kind: str, attempts: int, problem: Problem) -> None:
        with self.store.writing() as transaction:
            due = None if problem.final else self.policy.due(transaction.now, attempts)
            transaction.execute(
                self.failures.update()
                .where(self.failures.c.event_id == event_id)
                .values(
                    attempts=attempts,
                    failed_at=transaction.now,
                    due_at=due,
                    parked_at=None if due else transaction.now,
                    error=problem.error[:80],
                    place=problem.place[:200],
                )
            )
        self._metrics.handled(kind, "retry" if due else "parked")

    def body_of(self, event_id: str, sealed: bytes) -> bytes:
        """The bytes of a kept message."""
        return self.store.resources.keyring.open(event_id, sealed)


def _rows(transaction: Transaction, events: list[Event]) -> list[dict[str, Any]]:
    return [
        {"event_id": event.id, "type": event.type, "subject": event.subject, "taken_at": transaction.now}
        for event in events
    ]


def _problem(error: BaseException) -> Problem:
    if isinstance(error, Unreadable):
        return Problem(error.code, "shared.contracts.envelope:read", final=True)
    return Problem(type(error).__name__, place_of(error), final=False)
