"""What people may do with messages that failed: see them, try them again, or discard them with a reason.

Everything done is written to the audit in the same transaction. Nothing here expires on its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from shared.audit.record import record_each
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

LARGEST_PAGE = 100


def parked_groups(store: Store) -> list[dict[str, Any]]:
    """Parked messages counted by what went wrong and where, the largest group first."""
    table = store.metadata.tables["failures"]
    query = (
        select(
            table.c.error,
            table.c.place,
            table.c.type,
            func.count().label("count"),
            func.min(table.c.parked_at).label("oldest"),
        )
        .where(table.c.parked_at.is_not(None))
        .group_by(table.c.error, table.c.place, table.c.type)
        .order_by(func.count().desc(), table.c.error)
    )
    with store.reading() as connection:
        return [_plain(row) for row in connection.execute(query)]


def parked_messages(store: Store, *, error: str | None = None, after: str = "", most: int = 50) -> list[dict[str, Any]]:
    """A page of parked messages in the order of their ids, from the one behind `after`; bodies stay sealed."""
    table = store.metadata.tables["failures"]
    columns = [column for column in table.c if column.name not in ("body", "due_at")]
    query = (
        select(*columns)
        .where(_parked(store, ids=None, error=error), table.c.event_id > after)
        .order_by(table.c.event_id)
        .limit(min(most, LARGEST_PAGE))
    )
    with store.reading() as connection:
        return [_plain(row) for row in connection.execute(query)]


def retry_parked(store: Store, actor: str, *, ids: Sequence[str] | None = None, error: str | None = None) -> int:
    """Makes parked messages due now (those with these ids, or of this error); answers how many. The inbox tries them."""
    table = store.metadata.tables["failures"]
    with store.writing() as transaction:
        chosen = transaction.execute(
            table.update()
            .where(_parked(store, ids, error))
            .values(parked_at=None, due_at=transaction.now, attempts=0)
            .returning(table.c.event_id)
        )
        return _note(transaction, actor, "parked.retry", list(chosen.scalars()), error or "chosen by id")


def discard_parked(store: Store, actor: str, reason: str, *, ids: Sequence[str]) -> int:
    """Gives parked messages up for good, for a reason that people can read later; answers how many.

    Their inbox rows are written, so that a copy that comes again does nothing either.
    """
    table, inbox = store.metadata.tables["failures"], store.metadata.tables["inbox"]
    with store.writing() as transaction:
        gone = transaction.execute(
            table.delete().where(_parked(store, ids, None)).returning(table.c.event_id, table.c.type, table.c.subject)
        ).all()
        for row in gone:
            transaction.insert(
                inbox, event_id=row.event_id, type=row.type, subject=row.subject, taken_at=transaction.now
            )
        return _note(transaction, actor, "parked.discard", [row.event_id for row in gone], reason)


def oldest_age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since `moment`; None where there is none."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _plain(row: Row[Any]) -> dict[str, Any]:
    """A row under names that are texts and no more: orjson writes no other, and SQLAlchemy's own names are more."""
    return {str(name): value for name, value in row._mapping.items()}


def _parked(store: Store, ids: Sequence[str] | None, error: str | None) -> ColumnElement[bool]:
    table = store.metadata.tables["failures"]
    wanted: list[ColumnElement[bool]] = [table.c.parked_at.is_not(None)]
    if ids is not None:
        wanted.append(table.c.event_id.in_(ids))
    if error is not None:
        wanted.append(table.c.error == error)
    return and_(*wanted)


def _note(transaction: Transaction, actor: str, action: str, ids: list[str], detail: str) -> int:
    record_each(transaction, actor, action, ids, detail)
    return len(ids)
