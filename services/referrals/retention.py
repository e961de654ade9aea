"""Retention: a referral that has ended is erased when the directory's period for it is over, unless it is held.

The period counts from the last thing that happened to the referral, so that nothing is removed that somebody still works
on. Without periods in the directory nothing is ever removed. Any number of replicas may do it at once: each referral is
looked at again, locked, before it goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import eventlet
from sqlalchemy import Row, Select, exists, func, select, update

from services.referrals.domain import ERASED
from services.referrals.erasing import erase_row, is_held, row_of
from services.referrals.hold_tables import holds
from services.referrals.stored import data_key, is_erased
from services.referrals.tables import consents, referrals, timeline
from shared.audit.record import record
from shared.directory.retention import ENDED, NEVER_AGREED, Periods
from shared.http import problems
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.privacy.desk import shown
from shared.privacy.erased import erased_counts
from shared.privacy.sealed import DataKey

CLOCK = "waypost"
BATCH = 200
SHOWN = 1000


@dataclass(frozen=True)
class Due:
    """A referral whose time is over: by which rule, and since when nothing has happened to it."""

    referral_id: str
    reference: str
    rule: str
    last_at: datetime


def due(store: Store) -> Iterator[Due]:
    """Every referral whose time is over and that nobody holds, the oldest first; one batch is read at a time."""
    periods, now = store.resources.directory.retention, store.resources.clock.now()
    last = ""
    while periods:
        with store.reading() as connection:
            rows = connection.execute(_ended(periods, now).where(referrals.c.id > last)).all()
        for row in rows:
            if (found := _due(row, periods, now)) is not None:
                yield found
        if len(rows) < BATCH:
            return
        last = rows[-1].id
        # Others are served between two batches.
        eventlet.sleep(0)


def preview(store: Store) -> dict[str, Any]:
    """What would go now: how many by each rule, and which, at most SHOWN of them."""
    found = list(due(store))
    counts = {rule: sum(each.rule == rule for each in found) for rule in sorted({each.rule for each in found})}
    items = [{"reference": each.reference, "rule": each.rule, "last_at": each.last_at} for each in found]
    periods = {state: str(period) for state, period in store.resources.directory.retention.items()}
    return {"periods": periods, "counts": counts, "items": items[:SHOWN]}


def run(store: Store, actor: str = CLOCK, most: int | None = None) -> int:
    """Erases what is due, at most so many; answers how many referrals that was."""
    count = 0
    for each in islice(due(store), most):
        with store.writing() as transaction:
            count += _remove(transaction, each, actor)
        eventlet.sleep(0)
    if count:
        store.database.forget_deleted()
    return count


def report(store: Store) -> dict[str, Any]:
    """What was removed, by day and rule: counts alone. Which ones stands in the audit, by id."""
    return {"removed": erased_counts(store), "held": _held(store)}


def hold(store: Store, reference: str, reason: str, actor: str) -> None:
    """Keeps a referral though its time may be over; raises problems: 404, 409 for one that is held, 410."""
    with store.writing() as transaction:
        row, key = _opened(transaction, reference)
        if is_held(transaction, row.id):
            raise problems.conflict("held-already", "The referral is held already")
        told = {"id": new_id(), "referral_id": row.id, "held_at": transaction.now, "held_by": actor}
        none = {"released_at": None, "released_by": None, "released_for": None}
        transaction.insert(holds, **told, reason=key.seal("hold", reason), **none)
        record(transaction, actor, "referral.hold", row.id)


def release(store: Store, reference: str, reason: str, actor: str) -> None:
    """Ends a hold; raises problems: 404, 409 for one that is not held, 410."""
    with store.writing() as transaction:
        row, key = _opened(transaction, reference)
        held = update(holds).where(holds.c.referral_id == row.id, holds.c.released_at.is_(None))
        told = {"released_at": transaction.now, "released_by": actor, "released_for": key.seal("release", reason)}
        if not transaction.execute(held.values(**told)).rowcount:
            raise problems.conflict("not-held", "The referral is not held")
        record(transaction, actor, "referral.release", row.id)


def _opened(transaction: Transaction, reference: str) -> tuple[Row[Any], DataKey]:
    row = row_of(transaction, reference)
    key = data_key(transaction, row.id, transaction.resources.keyring)
    if key is None:
        raise is_erased()
    return row, key


def _ended(periods: Periods, now: datetime) -> Select[Any]:
    """Referrals in an end that are old enough for the shortest period, with when the last thing happened."""
    shortest = max(period.before(now) for period in periods.values())
    last_at = select(func.max(timeline.c.at)).where(timeline.c.referral_id == referrals.c.id).scalar_subquery()
    agreed = exists().where(consents.c.referral_id == referrals.c.id, consents.c.kind == "given")
    held = exists().where(holds.c.referral_id == referrals.c.id, holds.c.released_at.is_(None))
    return (
        select(referrals.c.id, referrals.c.reference, referrals.c.kind, referrals.c.status)
        .add_columns(last_at.label("last_at"), agreed.label("agreed"))
        .where(referrals.c.status.in_(ENDED), referrals.c.received_at <= shortest, ~held)
        .order_by(referrals.c.id)
        .limit(BATCH)
    )


def _due(row: Row[Any], periods: Periods, now: datetime) -> Due | None:
    rule = _rule(row)
    period = periods.get(rule)
    if period is None or row.last_at is None or row.last_at > period.before(now):
        return None
    return Due(row.id, row.reference, rule, row.last_at)


def _rule(row: Row[Any]) -> str:
    """A family that never agreed is another case than one that was helped."""
    never = row.status in ("closed", "awaiting-consent") and row.kind == "family-support" and not row.agreed
    return NEVER_AGREED if never else str(row.status)


def _remove(transaction: Transaction, each: Due, actor: str) -> int:
    """Looks once more, now that nobody else can change it."""
    periods, now = transaction.resources.directory.retention, transaction.now
    row = row_of(transaction, each.reference)
    if row.status == ERASED:
        return 0
    again = transaction.execute(_ended(periods, now).where(referrals.c.id == row.id)).first()
    if again is None or _due(again, periods, now) is None:
        return 0
    erase_row(transaction, row, f"retention-{each.rule}", actor)
    return 1


def _held(store: Store) -> list[dict[str, Any]]:
    query = select(referrals.c.reference, holds.c.held_at, holds.c.held_by).join_from(
        holds, referrals, (holds.c.referral_id == referrals.c.id) & holds.c.released_at.is_(None)
    )
    with store.reading() as connection:
        return [shown(row) for row in connection.execute(query.order_by(holds.c.held_at))]
