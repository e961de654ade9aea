"""Deliveries in the database: claimed by one sender at a time, their outcome written with the event that tells of it.

A claim is a lease: whoever dies with it loses it when LEASE has passed, and another sends. So a message may go out
twice, with the same id, but never not at all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, tuple_, update

from services.notifications.domain import AGENCY, FAILED, PENDING, SENT, SUPPRESSED
from services.notifications.tables import deliveries as table
from shared.contracts.envelope import Event, EventSchema
from shared.contracts.notifications import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.database.rows import update_rows
from shared.ids import new_id
from shared.messaging.pauses import EMAIL, Waiting
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

BATCH = 50
"""As many readers as `referrals` answers for at once. Claim, question and line cost a batch the same, be it small or large."""
LEASE = timedelta(minutes=5)
FIRST_RECEIPT = timedelta(minutes=1)
EVENTS: Mapping[str, type[EventSchema]] = {
    SENT: NotificationSent,
    FAILED: NotificationFailed,
    SUPPRESSED: NotificationSuppressed,
}


@lru_cache(maxsize=16)
def _due(paused: frozenset[str]) -> tuple[Select[Any], Select[Any]]:
    """Whether anything is due, and a batch of it. Made once: SQLAlchemy takes longer to make them than PostgreSQL to answer."""
    waiting = (
        select(table).where(table.c.status == PENDING, table.c.due_at <= bindparam("now")).order_by(table.c.due_at)
    )
    if paused:
        waiting = waiting.where(or_(table.c.audience != AGENCY, table.c.agency.not_in(sorted(paused))))
    return waiting.limit(1), waiting.limit(BATCH).with_for_update(skip_locked=True)


@dataclass(frozen=True)
class Delivery:
    """A delivery that this sender has claimed. `reference` is None while no event that carries it has arrived."""

    id: str
    claim: str
    event_id: str
    correlation_id: str
    referral_id: str
    reference: str | None
    template: str
    audience: str
    agency: str | None
    link: str
    words: Mapping[str, str]
    attempts: int
    created_at: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of a claimed delivery. `channel` is the one that was tried, or would have been."""

    delivery: Delivery
    status: str
    channel: str
    problem: str | None = None
    carrier_id: str | None = None


def claim(store: Store) -> list[Delivery]:
    """Takes the deliveries that are due, the oldest first, at most BATCH; what another sender holds is passed over.

    So is what is for an agency whose e-mail operations have paused.
    """
    any_due, due = _due(store.pauses.agencies(EMAIL))
    with store.reading() as connection:
        if connection.execute(any_due, {"now": store.resources.clock.now()}).first() is None:
            return []
    token = new_id()
    with store.writing() as transaction:
        rows = transaction.execute(due, {"now": transaction.now}).all()
        if not rows:
            return []
        lease = transaction.now + LEASE
        update_rows(transaction.connection, table, [{"id": row.id, "claim": token, "due_at": lease} for row in rows])
        references = _references(transaction, {row.referral_id for row in rows if row.reference is None})
    return [_delivery(row, token, row.reference or references.get(row.referral_id)) for row in rows]


def end(store: Store, outcomes: Sequence[Outcome]) -> set[str]:
    """Writes and publishes outcomes, in one transaction; answers the ids of those deliveries that were still claimed.

    Of one whose claim was lost nothing is written. Where there is a `carrier_id` the carrier can be asked later what
    became of the message.
    """
    with store.writing() as transaction:
        now = transaction.now
        rows = [
            {
                "id": each.delivery.id,
                "claim": each.delivery.claim,
                "attempts": each.delivery.attempts + 1,
                "status": each.status,
                "problem": each.problem,
                "ended_at": now,
                "channel": each.channel,
                "carrier_id": each.carrier_id,
                "receipt_due_at": now + FIRST_RECEIPT if each.carrier_id is not None else None,
            }
            for each in outcomes
        ]
        written = update_rows(
            transaction.connection, table, rows, same=["claim"], only=f"{table.name}.status = 'pending'"
        )
        for each in outcomes:
            if each.delivery.id in written:
                tell(transaction, each.delivery, each.status, each.channel, each.problem)
        return written


def tell(transaction: Transaction, delivery: Any, status: str, channel: str, problem: str | None) -> None:
    """Publishes what became of a delivery; `delivery` is one, or its row."""
    data = {
        "referral_id": delivery.referral_id,
        "delivery_id": delivery.id,
        "audience": delivery.audience,
        "channel": channel,
        "template": delivery.template,
    }
    if problem is not None:
        data["reason"] = problem
    transaction.publish(EVENTS[status], delivery.referral_id, data, cause=_cause(delivery))


def put_back(store: Store, delivery: Delivery, due_at: datetime, problem: str | None = None) -> None:
    """Gives up the claim until `due_at`. With a `problem` it counts as an attempt; without, it was not tried."""
    with store.writing() as transaction:
        tried = {} if problem is None else {"problem": problem, "attempts": delivery.attempts + 1}
        _change(transaction, delivery, claim=None, due_at=due_at, **tried)


def hurry(store: Store, problems: Collection[str], most: int | None = None) -> None:
    """What waits for another try because of one of these problems is due now; at most so many of them, the oldest first."""
    waiting = (
        select(table.c.id)
        .where(table.c.status == PENDING, table.c.claim.is_(None), table.c.problem.in_(sorted(problems)))
        .order_by(table.c.created_at)
        .limit(most)
    )
    with store.writing() as transaction:
        transaction.execute(update(table).where(table.c.id.in_(waiting)).values(due_at=transaction.now))


def waiting_for(connection: Connection, agency: str, since: datetime) -> int:
    """How many e-mails to an agency are not sent."""
    mine = (table.c.status == PENDING) & (table.c.audience == AGENCY) & (table.c.agency == agency)
    return connection.execute(select(func.count()).where(mine)).scalar_one()


CHANNELS: Mapping[str, Waiting] = {EMAIL: waiting_for}


def listed(store: Store, status: str, most: int, after: tuple[datetime, str] | None) -> Sequence[Any]:
    """Rows of one status, the newest first, `after` being the last that was seen."""
    query = select(table).where(table.c.status == status)
    if after is not None:
        query = query.where(tuple_(table.c.created_at, table.c.id) < after)
    with store.reading() as connection:
        return connection.execute(query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(most)).all()


def _references(transaction: Transaction, referrals: set[str]) -> dict[str, str]:
    """What other deliveries about the same referrals know: not every event carries the reference."""
    if not referrals:
        return {}
    query = (
        select(table.c.referral_id, table.c.reference)
        .where(table.c.referral_id.in_(referrals), table.c.reference.is_not(None))
        .distinct()
    )
    return {row.referral_id: row.reference for row in transaction.execute(query)}


def _change(transaction: Transaction, delivery: Delivery, **values: Any) -> bool:
    mine = (table.c.id == delivery.id) & (table.c.claim == delivery.claim) & (table.c.status == PENDING)
    return transaction.execute(update(table).where(mine).values(**values)).rowcount == 1


def _delivery(row: Any, token: str, reference: str | None) -> Delivery:
    return Delivery(
        row.id,
        token,
        row.event_id,
        row.correlation_id,
        row.referral_id,
        reference,
        row.template,
        row.audience,
        row.agency,
        row.link,
        row.words,
        row.attempts,
        row.created_at,
    )


def _cause(delivery: Any) -> Event:
    """The event that the message tells of, as far as the next one refers to it."""
    return Event(
        delivery.event_id, "", "", delivery.referral_id, delivery.created_at, 0, delivery.correlation_id, None, {}
    )
