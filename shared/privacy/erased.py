"""What is left of an erased referral at each service: its id, when and by which rule; and the look back for what came late.

Erasing happens in one transaction. What was on its way then (an event in a queue, one not yet sent) may still be written
down afterwards, so for some days each service looks again at what it erased, and clears that too. An event that was
sent keeps its envelope; its data is a tombstone, for nobody reads it a second time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Column, Index, MetaData, String, Table, delete, func, select, text, tuple_, update

from shared.database.types import Moment
from shared.messaging.store import Store
from shared.messaging.tables import add_messaging_tables
from shared.messaging.transaction import Transaction

LOOK_BACK = timedelta(days=7)
"""How long after an erasure something about the referral may still arrive."""
BATCH = 200
_OPEN = text("finished_at IS NULL")

Clear = Callable[[Transaction, Sequence[str]], None]
"""Removes all that one service holds of these referrals; doing it again does no harm."""

_metadata = MetaData()
add_messaging_tables(_metadata)
_failures, _inbox, _outbox, _versions = (
    _metadata.tables[name] for name in ("failures", "inbox", "outbox", "parked_versions")
)
erased = Table(
    "erased",
    _metadata,
    Column("referral_id", String(80), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("finished_at", Moment),
    Index("erased_open", "at", "referral_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
)
"""`reason` is the rule, or the code of the reason, by which it was erased; `finished_at` when nothing can come late."""


def add_erased_table(into: MetaData) -> None:
    """Declares the table in a service's metadata."""
    erased.to_metadata(into)


def erase_here(transaction: Transaction, referral_id: str, reason: str, clear: Clear) -> None:
    """Clears a referral at this service and remembers that it was; again, it only clears."""
    known = transaction.execute(select(erased.c.referral_id).where(erased.c.referral_id == referral_id)).first()
    if known is None:
        transaction.insert(erased, referral_id=referral_id, at=transaction.now, reason=reason, finished_at=None)
    _clear(transaction, [referral_id], clear)


def look_again(store: Store, clear: Clear) -> int:
    """Clears what has come since of the referrals that were erased lately; answers how many were looked at."""
    place = tuple_(erased.c.at, erased.c.referral_id)
    lately = select(erased.c.referral_id, erased.c.at).where(erased.c.finished_at.is_(None))
    query, seen = lately, 0
    while True:
        with store.reading() as connection:
            rows = connection.execute(query.order_by(erased.c.at, erased.c.referral_id).limit(BATCH)).all()
        if not rows:
            break
        with store.writing() as transaction:
            _clear(transaction, [row.referral_id for row in rows], clear)
            over = [row.referral_id for row in rows if row.at < transaction.now - LOOK_BACK]
            ended = update(erased).where(erased.c.referral_id.in_(over)).values(finished_at=transaction.now)
            transaction.execute(ended)
        query, seen = lately.where(place > (rows[-1].at, rows[-1].referral_id)), seen + len(rows)
    if seen:
        store.database.forget_deleted()
    return seen


def newest_erasure(store: Store) -> datetime | None:
    """When something was last erased here."""
    query = select(erased.c.at).where(erased.c.finished_at.is_(None)).order_by(erased.c.at.desc()).limit(1)
    with store.reading() as connection:
        found: datetime | None = connection.execute(query).scalar()
    return found


def _clear(transaction: Transaction, referral_ids: Sequence[str], clear: Clear) -> None:
    clear(transaction, referral_ids)
    # The event that asks for the erasing may itself be waiting here to be tried again.
    asking = _failures.c.type.like("%.referral.erased.%")
    failed = _failures.c.subject.in_(referral_ids) & ~asking
    for place, condition in ((_failures, failed), (_inbox, _inbox.c.subject.in_(referral_ids))):
        # Few messages are ever mended: they are asked first, and each is found by its id.
        mended = select(_versions.c.event_id).join(place, place.c.event_id == _versions.c.event_id).where(condition)
        transaction.execute(delete(_versions).where(_versions.c.event_id.in_(mended)))
    transaction.execute(delete(_failures).where(failed))
    told = select(_outbox.c.id, _outbox.c.body).where(
        _outbox.c.subject.in_(referral_ids), _outbox.c.audience.is_(None), _outbox.c.sent_at.is_not(None)
    )
    for row in transaction.execute(told).all():
        body = tombstone(bytes(row.body))
        if body is not None:
            transaction.execute(update(_outbox).where(_outbox.c.id == row.id).values(body=body))


def tombstone(body: bytes) -> bytes | None:
    """The envelope of an event without what it told; None for one that is a tombstone already."""
    envelope = orjson.loads(body)
    data = envelope["data"]
    if data.get("tombstone"):
        return None
    kept = {name: data[name] for name in ("referral_id", "task_id") if name in data}
    return orjson.dumps(
        envelope | {"dataschema": "urn:waypost:schema:tombstone.v1", "data": kept | {"tombstone": True}}
    )


def erased_counts(store: Store) -> list[dict[str, Any]]:
    """How many referrals were erased on each day by each rule, the newest day first."""
    day = func.date(erased.c.at)
    query = select(day.label("day"), erased.c.reason, func.count().label("count")).group_by(day, erased.c.reason)
    with store.reading() as connection:
        rows = connection.execute(query.order_by(day.desc(), erased.c.reason)).all()
    return [{"day": str(row.day), "rule": row.reason, "count": row.count} for row in rows]
