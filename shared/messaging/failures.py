"""The messages of an inbox that have not had their effect: written down as due for retry, parked for a person, or held.

A body is sealed, since nobody knows what one that cannot be read holds.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, delete, select

from shared.contracts.envelope import Event, Unreadable
from shared.database.rows import insert_or
from shared.logs import place_of
from shared.messaging.pauses import HELD
from shared.messaging.retry import RetryPolicy
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.metrics import Metrics

log = structlog.get_logger(__name__)

KEPT_OF_UNREADABLE = 64 * 1024
WAITING = "EXISTS (SELECT 1 FROM failures WHERE failures.event_id = given.event_id)"
"""Whether a row that is to be written, called `given`, is of a message that waits here."""


@dataclass(frozen=True)
class Problem:
    """What went wrong with a message: the error's type and place, never what the message held."""

    error: str
    place: str
    final: bool


def problem_of(error: BaseException) -> Problem:
    if isinstance(error, Unreadable):
        return Problem(error.code, "shared.contracts.envelope:read", final=True)
    return Problem(type(error).__name__, place_of(error), final=False)


class Failures:
    """One service's."""

    def __init__(self, store: Store, policy: RetryPolicy, metrics: Metrics) -> None:
        self._store = store
        self._policy = policy
        self._metrics = metrics
        tables = store.metadata.tables
        self._inbox, self._failures = tables["inbox"], tables["failures"]
        table = self._failures
        due = select(table).where(table.c.due_at <= bindparam("now")).order_by(table.c.due_at).limit(1)
        self._due = due.with_for_update(skip_locked=True)

    def due(self, connection: Connection) -> Row[Any] | None:
        """The message that has been due for longest, unless somebody else has it in hand."""
        return connection.execute(self._due, {"now": self._store.resources.clock.now()}).first()

    def hold(self, events: Iterable[tuple[Event, bytes]]) -> None:
        """Keeps messages as due now and never tried, unless they have had their effect or are kept already."""
        with self._store.writing() as transaction:
            now = transaction.now
            rows = [
                {
                    "event_id": event.id,
                    "type": event.type,
                    "subject": event.subject,
                    "body": self._store.resources.keyring.seal(event.id, body),
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
            held = insert_or(transaction.connection, self._failures, rows, "DO NOTHING", "type", unless=done)
        for kind, count in Counter(kind for (kind,) in held).items():
            self._metrics.handled(kind, "held", count)

    def write(self, event_id: str, kind: str, subject: str, body: bytes, problem: Problem) -> None:
        """The first failure of a message, unless it has had its effect or is here already."""
        with self._store.writing() as transaction:
            now = transaction.now
            due = None if problem.final else self._policy.due(now, 1)
            insert = self._store.database.insert(self._failures).on_conflict_do_nothing()
            row = {
                "event_id": event_id[:80],
                "type": kind[:120],
                "subject": subject[:80],
                "body": self._store.resources.keyring.seal(event_id[:80], body[:KEPT_OF_UNREADABLE]),
                "size": len(body),
                "error": problem.error[:80],
                "place": problem.place[:200],
                "attempts": 1,
                "failed_at": now,
                "first_failed_at": now,
                "due_at": due,
                "parked_at": None if due else now,
            }
            known = select(self._inbox.c.event_id).where(self._inbox.c.event_id == event_id[:80])
            if transaction.execute(known).first() is None:
                transaction.execute(insert, row)
        outcome = "retry" if due else "parked"
        self._metrics.handled(kind, outcome)
        log.warning(
            f"event.{outcome}",
            service=self._store.service,
            event_id=event_id[:80],
            error=problem.error,
            place=problem.place,
        )

    def write_again(self, event_id: str, kind: str, attempts: int, problem: Problem) -> None:
        """One more: due again, or parked."""
        with self._store.writing() as transaction:
            due = None if problem.final else self._policy.due(transaction.now, attempts)
            transaction.execute(
                self._failures.update()
                .where(self._failures.c.event_id == event_id)
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

    def leave(self, transaction: Transaction, row: Row[Any]) -> None:
        """A message is tried: its row goes, unless the transaction fails."""
        transaction.execute(delete(self._failures).where(self._failures.c.event_id == row.event_id))

    def note_attempts(self, transaction: Transaction, row: Row[Any]) -> None:
        """What it took to have an effect at last, on the inbox: the failure is gone with its row."""
        before = {"attempts": row.attempts + 1, "first_failed_at": row.first_failed_at, "error": row.error}
        transaction.execute(self._inbox.update().where(self._inbox.c.event_id == row.event_id).values(**before))

    def body_of(self, event_id: str, sealed: bytes) -> bytes:
        """The bytes of a kept message."""
        return self._store.resources.keyring.open(event_id, sealed)
