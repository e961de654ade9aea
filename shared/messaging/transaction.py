"""What a handler and a request work in: one database transaction, with the events that tell of it.

Inserts are gathered and written together, before the next question to the database and at the end: a batch of two hundred
messages, or forty requests, costs a few statements. Events are rows of the outbox, so they commit with what they tell of.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, MetaData, Table

from shared.contracts.envelope import Event, EventSchema, is_rehearsal, write
from shared.contracts.registry import schema_for
from shared.database.rows import insert_or, insert_rows
from shared.ids import new_id
from shared.resources import Resources
from shared.tracing import current


@dataclass(frozen=True, slots=True)
class Unsent:
    """An event of the outbox, as whoever sends it needs it."""

    id: int
    event_id: str
    type: str
    audience: str | None
    body: bytes


class Transaction:
    """Made by `Store.writing()`; `now` is one moment for all that happens in it."""

    def __init__(self, connection: Connection, metadata: MetaData, resources: Resources, service: str) -> None:
        self.connection = connection
        self.resources = resources
        self.now = resources.clock.now()
        self.origin = current.get()
        """What the work at hand belongs to."""
        self.events = 0
        """How many were written."""
        self.unsent: list[Unsent] = []
        """On PostgreSQL, those of them that are the first of their subjects: no event yet to be sent can precede them."""
        self.hopeful = False
        """Whether what is likely may be taken for granted: where it is not so, writing fails, and all is done with care."""
        self._tables = metadata.tables
        self._source = f"urn:waypost:{service}"
        self._rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._named: set[str | None] = set()
        self._refused: dict[str, str] = {}
        self._events: list[tuple[EventSchema, Event, str | None, bool]] = []
        self._first: dict[str, tuple[str, str | None, bytes]] = {}

    def insert(self, table: Table, **values: Any) -> None:
        """Adds a row; written with the others of its table. Every call for one table names the same columns."""
        self._rows[table.name].append(values)
        self._named.add(values.get("referral_id"))

    def added(self, table: Table, referral_id: str) -> dict[str, Any] | None:
        """The row about a referral that was added to `table`, while it is not yet written: what it says may be changed."""
        if referral_id not in self._named:
            return None
        return next(
            (row for row in reversed(self._rows.get(table.name, [])) if row["referral_id"] == referral_id), None
        )

    def refuse(self, table: Table, condition: str) -> None:
        """On PostgreSQL, fails with a DataError where the condition is true of a row of the table that is added: `given`."""
        self._refused[table.name] = condition

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Runs a statement, after everything gathered so far has been written: what is asked sees what was added."""
        self.flush()
        return self.connection.execute(statement, parameters)

    def about(self, referral_id: str) -> Connection:
        """The connection, for a question about one referral: only if something gathered names it is that written before."""
        if referral_id in self._named:
            self.flush()
        return self.connection

    def publish(
        self,
        schema: type[EventSchema],
        subject: str,
        data: Mapping[str, Any],
        *,
        cause: Event | None = None,
        audience: str | None = None,
        first: bool = False,
    ) -> str:
        """Writes an event about `subject`; answers its id. `audience` names the agency that hears it instead of the services.

        `first` says that this service has hardly written of the subject before, which saves a question where it is so;
        where it is not, a hopeful transaction fails. Of a rehearsal the services hear nothing: what is for them is left out.
        """
        event_id = new_id()
        if audience is None and is_rehearsal(subject):
            return event_id
        event = Event(
            id=event_id,
            source=self._source,
            type=schema.type(),
            subject=subject,
            time=self.now,
            sequence=0,
            correlation_id=cause.correlation_id if cause else self.origin.correlation_id or event_id,
            causation_id=cause.id if cause else None,
            data=dict(data),
            traceparent=self.origin.traceparent,
        )
        self._events.append((schema_for(schema), event, audience, first and self.hopeful))
        self.events += 1
        return event_id

    def flush(self, last: bool = False) -> None:
        """Writes what was gathered: rows in the order of their tables' foreign keys, then events.

        The `last` time, all that is left is one statement, and may be the only one there was.
        """
        if self._events:
            self._number_events()
        if not self._rows:
            return
        rows, self._rows = self._rows, defaultdict(list)
        self._named.clear()
        given = [(table, rows[name]) for name, table in self._tables.items() if name in rows]
        told = ("outbox", "id, event_id") if self._first else None
        keys = insert_rows(self.connection, given, last=last, refused=self._refused, told=told)
        self.unsent += [Unsent(key, name, *self._first[name]) for key, name in sorted(keys) if name in self._first]
        self._first.clear()

    def _number_events(self) -> None:
        events, self._events = self._events, []
        fresh = {event.subject for _, event, _, first in events if first}
        known = sorted({event.subject for _, event, _, _ in events} - fresh)
        last = self._sequences(known, events) if known else {}
        outbox = self._tables["outbox"]
        for schema, event, audience, _ in events:
            event.sequence = last[event.subject] = last.get(event.subject, 0) + 1
            body = write(schema, event)
            if event.subject in fresh:
                self._first[event.id] = event.type, audience, body
            self.insert(
                outbox,
                event_id=event.id,
                type=event.type,
                subject=event.subject,
                sequence=event.sequence,
                audience=audience,
                body=body,
                written_at=self.now,
                due_at=self.now,
            )
        for subject in sorted(fresh):
            self.insert(self._tables["subjects"], subject=subject, sequence=last[subject])

    def _sequences(self, known: list[str], events: list[tuple[EventSchema, Event, str | None, bool]]) -> dict[str, int]:
        """Counts the subjects on by what is about to be written, in one statement; answers where each stood before.

        Sorted, so that two batches that meet the same subjects wait for each other instead of for ever.
        """
        added = dict.fromkeys(known, 0)
        for _, event, _, _ in events:
            if event.subject in added:
                added[event.subject] += 1
        rows = insert_or(
            self.connection,
            self._tables["subjects"],
            [{"subject": name, "sequence": added[name]} for name in known],
            "(subject) DO UPDATE SET sequence = subjects.sequence + excluded.sequence",
            "subject, sequence",
        )
        return {subject: sequence - added[subject] for subject, sequence in rows}
