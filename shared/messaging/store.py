"""A service's store: its database, its resources, and the three ways to work with them.

`writing()`  one transaction; when it commits, whoever waits for new events (the relay) is told.
`reading()`  a snapshot.
`together()` one transaction shared with whoever else asks at the same moment: group commit. It returns when the commit is
             on disk. One that fails takes no other with it: the group is then run one by one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import eventlet
from eventlet.event import Event as Signal
from sqlalchemy import Connection, MetaData

from shared.database.engine import Database
from shared.messaging.pauses import Pauses
from shared.messaging.transaction import Transaction
from shared.resources import Resources
from shared.tracing import Origin, PassOn, Tracer, current

LARGEST_GROUP = 128
ENOUGH = 16
"""So many begin at once, while what else has come in this turn is still read: the database works beside this process."""

Work = Callable[[Transaction], Any]


@dataclass
class _Waiting:
    work: Work
    origin: Origin = field(default_factory=current.get)
    done: Signal = field(default_factory=Signal)


class Store:
    """One for each service in a process; safe for any number of green threads."""

    def __init__(self, service: str, metadata: MetaData, resources: Resources) -> None:
        self.service = service
        self.metadata = metadata
        self.resources = resources
        self.database = Database(resources.settings.database_url(service))
        self.tracer: Tracer = PassOn()
        self.pauses = Pauses(self)
        self._listeners: list[Callable[[Transaction], None]] = []
        self._waiting: list[_Waiting] = []
        self._committing = False
        self._due = False
        self._answered = 0

    def on_new_events(self, listener: Callable[[Transaction], None]) -> None:
        """Calls `listener` with each transaction that wrote an event, once it is committed."""
        self._listeners.append(listener)

    @contextmanager
    def writing(self, much: bool = False) -> Iterator[Transaction]:
        """A transaction and its events: all of it, or nothing. `much`: what it writes at its end takes the database a while."""
        with self.database.writing() as connection:
            transaction = Transaction(connection, self.metadata, self.resources, self.service)
            yield transaction
            # Only the writing: with others between, each short question before it would wait for all that they do.
            with self.database.much_at_once(connection) if much else nullcontext():
                transaction.flush(last=True)
        if transaction.events:
            for listener in self._listeners:
                listener(transaction)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.database.reading() as connection:
            yield connection

    def together(self, work: Work) -> Any:
        """Runs `work` in a transaction shared with others; answers what it returned, or raises what it raised."""
        mine = _Waiting(work)
        self._waiting.append(mine)
        if len(self._waiting) >= ENOUGH and not self._committing:
            self._commit_group()
        else:
            self._commit_soon()
        return mine.done.wait()

    def _commit_soon(self) -> None:
        """In the hub's next turn, so that every request that it has ready in this one joins the group before it starts."""
        if not self._due:
            self._due = True
            eventlet.spawn_n(self._commit_waiting)

    def _commit_waiting(self) -> None:
        self._due = False
        if self._waiting and not self._committing:
            self._commit_group()

    def _commit_group(self) -> None:
        """One group at a time, so that each sees what those before it have written.

        It takes half of all who are there, those who were just answered and will ask again included: while the database
        writes one half, this process reads the other. With all in one group, each would wait for the other.
        """
        self._committing = True
        half = (len(self._waiting) + self._answered + 1) // 2
        size = min(max(half, ENOUGH), LARGEST_GROUP)
        group, self._waiting = self._waiting[:size], self._waiting[size:]
        try:
            self._commit(group)
        finally:
            self._answered = len(group)
            self._committing = False
            if self._waiting:
                self._commit_soon()

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            with self.writing(much=len(group) >= ENOUGH) as transaction:
                transaction.hopeful = True  # One that was wrong fails by itself.
                results = [_done(waiting, transaction) for waiting in group]
        except BaseException as error:
            if len(group) == 1:
                group[0].done.send_exception(error)
            else:
                for waiting in group:
                    self._commit([waiting])
            return
        for waiting, result in zip(group, results, strict=True):
            waiting.done.send(result)


def _done(waiting: _Waiting, transaction: Transaction) -> Any:
    transaction.origin = waiting.origin
    return waiting.work(transaction)
