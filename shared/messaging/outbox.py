"""The outbox as a relay sees it: the unsent events, in the order in which they were written.

It looks for "not yet sent", never for "newer than the last", since transactions commit out of order. The first events of a
subject, which nothing unsent can precede, need no look: where this process has committed them and its relay is the one
that sends, they are given as they are. What is for an agency whose queue operations have paused stays where it is.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any

import eventlet
from eventlet.event import Event as Signal
from sqlalchemy import Connection, Select, bindparam, or_, select

from shared.messaging.pauses import QUEUE
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction, Unsent

BATCH = 200
POLL_SECONDS = 1.0
POLL_ALONE_SECONDS = 5.0
"""Where all who write are in this process, and ring: only what was put off has to be looked for."""


class Outbox:
    """One relay's. `leads` says whether it is the one that sends; `poll` is the longest time without a look, in seconds."""

    def __init__(self, store: Store) -> None:
        self.leads = False
        self.poll = POLL_ALONE_SECONDS if store.database.is_sqlite else POLL_SECONDS
        self._store = store
        self._table = store.metadata.tables["outbox"]
        columns = (self._table.c[name] for name in ("id", "event_id", "type", "audience", "body"))
        # What was never put off is due whatever the clock says: it may have been ahead when the event was written.
        due = (self._table.c.due_at <= bindparam("now")) | (self._table.c.due_at == self._table.c.written_at)
        unsent = self._table.c.sent_at.is_(None) & due
        self._due = select(*columns).where(unsent).order_by(self._table.c.id).limit(BATCH)
        self._must_look = True
        self._looked = 0.0
        self._found: tuple[frozenset[int], ...] = ()
        self._given: list[Unsent] = []
        self._bell = Signal()
        store.on_new_events(self.take)

    def wake(self) -> None:
        """There may be something that has to be looked for."""
        self._must_look = True
        self.ring()

    def ring(self) -> None:
        """Ends the `wait`."""
        if not self._bell.ready():
            self._bell.send()

    def listen(self) -> None:
        """Who rings from now on ends the next `wait`."""
        self._bell = Signal()

    def wait(self, seconds: float) -> None:
        """Returns when there is something, or `seconds` have passed, or it is time to look."""
        with eventlet.Timeout(min(seconds, self.poll), False):
            self._bell.wait()

    def take(self, committed: Transaction) -> None:
        """The transaction's events, or that there are some; what has been found already has been sent."""
        if self.leads and len(committed.unsent) == committed.events and len(self._given) < BATCH:
            self._given += [each for each in committed.unsent if not any(each.id in found for found in self._found)]
        else:
            self._must_look = True
        self.ring()

    @property
    def is_to_look(self) -> bool:
        """Whether there may be more than what was given; now and then, in any case."""
        return self._must_look or time.monotonic() >= self._looked + self.poll

    def given(self) -> Sequence[Any]:
        """What was given, where that is all there is."""
        given, self._given = self._given, []
        held_back = self._store.pauses.agencies(QUEUE)
        return [each for each in given if each.audience not in held_back]

    def look(self, connection: Connection) -> Sequence[Any]:
        """All that is found, what was given included."""
        self._given = []
        held_back = self._store.pauses.agencies(QUEUE)
        self._looked, self._must_look = time.monotonic(), False
        rows = connection.execute(self._due_now(held_back), {"now": self._store.resources.clock.now()}).all()
        self._must_look |= len(rows) == BATCH
        # Who has committed just now may have given it while we asked, or may give it only after it was sent.
        self._found = (*self._found[-2:], frozenset(row.id for row in rows))
        self._given = [each for each in self._given if each.id not in self._found[-1]]
        return rows

    def _due_now(self, held_back: Collection[str]) -> Select[Any]:
        if not held_back:
            return self._due
        audience = self._table.c.audience
        return self._due.where(or_(audience.is_(None), audience.not_in(sorted(held_back))))
