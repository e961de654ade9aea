"""What operations have paused at a service: the handling of its queue, or an agency's channel; stored, so it outlives restarts.

Every replica takes a change up within LOOK_SECONDS: whoever works asks `store.pauses`, which asks the database no oftener,
however many messages there are. What is paused loses nothing. It waits: a message to be handled in the service's inbox,
what an agency is to hear in the outbox, in its feed, or as an e-mail that is not sent yet.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select

from shared.audit.record import record
from shared.database.rows import insert_or
from shared.http import problems

if TYPE_CHECKING:
    from shared.messaging.store import Store

HANDLING, WEBHOOK, QUEUE, FEED, EMAIL = "handling", "webhook", "queue", "feed", "e-mail"
LOOK_SECONDS = 2.0
HELD = "paused"
"""The error of a message that waits in the inbox because its handling is paused: it was never tried."""

Waiting = Callable[[Connection, str, datetime], int]
"""Counts what waits in an agency's channel that has been paused since then."""


class Pauses:
    """One for each store."""

    def __init__(self, store: "Store", monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._known: dict[str, frozenset[str]] = {}
        self._at = float("-inf")

    def agencies(self, channel: str) -> frozenset[str]:
        """The agencies whose channel is paused."""
        now = self._monotonic()
        if now - self._at >= LOOK_SECONDS:
            table = self._store.metadata.tables["pauses"]
            with self._store.reading() as connection:
                rows = connection.execute(select(table.c.what, table.c.agency)).all()
            self._known = {each.what: frozenset(row.agency for row in rows if row.what == each.what) for each in rows}
            self._at = now
        return self._known.get(channel, frozenset())

    @property
    def handling(self) -> bool:
        """Whether the service is to keep what it hears for later."""
        return bool(self.agencies(HANDLING))

    def look_again(self) -> None:
        """Something has changed here."""
        self._at = float("-inf")


def pause(store: "Store", actor: str, reason: str, what: str, agency: str = "") -> None:
    """Pauses; raises a 409 problem where it is paused already."""
    table = store.metadata.tables["pauses"]
    with store.writing() as transaction:
        row = {"what": what, "agency": agency, "reason": reason, "actor": actor, "since": transaction.now}
        if not insert_or(transaction.connection, table, [row], "DO NOTHING", "what"):
            raise problems.conflict("already-paused", "It is paused already")
        record(transaction, actor, f"pause.{what}", agency or store.service, reason)
    store.pauses.look_again()


def resume(store: "Store", actor: str, what: str, agency: str = "") -> datetime:
    """Ends a pause; answers since when it was one. Raises a 404 problem where nothing is paused."""
    table = store.metadata.tables["pauses"]
    with store.writing() as transaction:
        mine = (table.c.what == what) & (table.c.agency == agency)
        row = transaction.execute(delete(table).where(mine).returning(table.c.since)).first()
        if row is None:
            raise problems.not_found("It is not paused.")
        record(transaction, actor, f"resume.{what}", agency or store.service)
    store.pauses.look_again()
    since: datetime = row.since
    return since


def paused(store: "Store", channels: Mapping[str, Waiting]) -> list[dict[str, Any]]:
    """Every pause, the longest first, with how much waits."""
    table, failures = store.metadata.tables["pauses"], store.metadata.tables["failures"]
    now = store.resources.clock.now()
    with store.reading() as connection:
        rows = connection.execute(select(table).order_by(table.c.since)).all()
        held = select(func.count()).where(failures.c.due_at.is_not(None), failures.c.error == HELD)
        return [
            {
                **{name: getattr(row, name) for name in ("what", "agency", "reason", "actor", "since")},
                "seconds": max(0.0, (now - row.since).total_seconds()),
                "waiting": connection.execute(held).scalar_one()
                if row.what == HANDLING
                else channels[row.what](connection, row.agency, row.since),
            }
            for row in rows
        ]


def oldest_pause(store: "Store") -> float:
    """For how many seconds something has been paused, 0 where nothing is."""
    table = store.metadata.tables["pauses"]
    with store.reading() as connection:
        since = connection.execute(select(func.min(table.c.since))).scalar()
    return 0.0 if since is None else max(0.0, (store.resources.clock.now() - since).total_seconds())
