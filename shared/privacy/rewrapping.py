"""Rewrapping: everything that stands under an older master key is put under the newest, in batches, while others work.

A service names each column that a master key seals. What was changed meanwhile is left alone: whoever changed it sealed it
anew, or the next round takes it. `waiting` says how much still stands under which key: when that is nothing, the key
can be retired.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import eventlet
from sqlalchemy import Column, ColumnElement, LargeBinary, Row, Table, func, literal, select, tuple_, update

from shared.messaging.store import Store
from shared.privacy.keyring import Keyring, sealed_by
from shared.privacy.sealed import WrappedKey

BATCH = 200


@dataclass(frozen=True)
class Sealed:
    """A column of values that `Keyring.seal` made; `part` says what each was sealed as."""

    table: Table
    column: str
    part: Callable[[Row[Any]], str]

    def under(self, key_id: str) -> ColumnElement[bool]:
        """Whether a row's value stands under this master key; null where there is no value."""
        begins = sealed_by(key_id)
        return func.substr(self.table.c[self.column], 1, len(begins)) == literal(begins, LargeBinary)

    def renewed(self, keyring: Keyring, row: Row[Any]) -> dict[str, Any]:
        return {self.column: keyring.reseal(self.part(row), bytes(row._mapping[self.column]))}


@dataclass(frozen=True)
class Wrapped:
    """A table of subjects' own keys: `key_id` names the master key that wraps `wrapped`."""

    table: Table
    subject: str
    column: str = "wrapped"

    def under(self, key_id: str) -> ColumnElement[bool]:
        return self.table.c.key_id == key_id

    def renewed(self, keyring: Keyring, row: Row[Any]) -> dict[str, Any]:
        fresh = keyring.rewrap(row._mapping[self.subject], WrappedKey(row.key_id, bytes(row.wrapped)))
        return {"key_id": fresh.key_id, "wrapped": fresh.blob}


Places = Sequence[Sealed | Wrapped]


def rewrap(store: Store, places: Places) -> int:
    """Puts everything under the newest key; answers how many values that were."""
    return sum(_rewrap(store, place) for place in places)


def waiting(store: Store, places: Places) -> dict[str, int]:
    """How many values stand under each key that is not the newest; `unknown` are those of keys that are not there."""
    *older, newest = store.resources.keyring.ids
    counts = dict.fromkeys([*older, "unknown"], 0)
    with store.reading() as connection:
        for place in places:
            found = func.count().filter
            asked = [found(place.under(key_id)) for key_id in older] + [found(~place.under(newest))]
            *each, all_older = connection.execute(select(*asked).select_from(place.table)).one()
            for key_id, count in zip(older, each, strict=True):
                counts[key_id] += count
            counts["unknown"] += all_older - sum(each)
    return counts


def _rewrap(store: Store, place: Sealed | Wrapped) -> int:
    keyring, done = store.resources.keyring, 0
    for rows in _batches(store, place, keyring.newest):
        with store.writing() as transaction:
            for row in rows:
                before = row._mapping[place.column]
                same = _key(place.table) == tuple(row._mapping[column.name] for column in place.table.primary_key)
                statement = update(place.table).where(same, place.table.c[place.column] == before)
                done += transaction.execute(statement.values(**place.renewed(keyring, row))).rowcount
        # Others are served between two batches.
        eventlet.sleep(0)
    if done:
        store.database.forget_deleted()
    return done


def _batches(store: Store, place: Sealed | Wrapped, newest: str) -> Iterator[Sequence[Row[Any]]]:
    """The rows that stand under older keys, in the order of their primary key."""
    columns: list[Column[Any]] = list(place.table.primary_key)
    query = select(place.table).where(~place.under(newest)).order_by(*columns).limit(BATCH)
    last: tuple[Any, ...] | None = None
    while True:
        with store.reading() as connection:
            rows = connection.execute(query if last is None else query.where(_key(place.table) > last)).all()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = tuple(rows[-1]._mapping[column.name] for column in columns)


def _key(table: Table) -> Any:
    return tuple_(*table.primary_key)
