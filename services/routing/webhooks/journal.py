"""Where sending stands, in the database: leases of endpoints, and the progress of who holds one.

A lease makes one process send for an endpoint at a time; who dies loses it when it has passed. Progress is written only
by the holder, and only for the generation that it began with: `Superseded` says that it has to stop, with nothing written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from services.routing.tables import metadata
from services.routing.webhooks.lanes import Changes, Parcel
from services.routing.webhooks.sealed_secrets import open_secrets
from services.routing.webhooks.tables import DISABLED, ENABLED, FAILING, deliveries, webhooks
from shared.messaging.store import Store
from shared.privacy.keyring import Keyring

LEASE = timedelta(seconds=30)


class Superseded(Exception):
    """The endpoint was deleted, changed over HTTP, or taken by another process."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint as its courier sees it; `secrets` with the moment that each ends, None for the one in use."""

    id: str
    agency: str
    url: str
    secrets: tuple[tuple[str, datetime | None], ...]
    after: int
    generation: int
    paused_until: datetime | None

    def keys(self, now: datetime) -> list[str]:
        """The secrets to sign with."""
        return [secret for secret, until in self.secrets if until is None or until > now]


@dataclass
class Tally:
    """What came of the attempts since the last writing."""

    delivered: int = 0
    failed: int = 0
    problem: str | None = None
    paused_until: datetime | None = None
    gone: bool = False


def claim(store: Store, holder: str, renew: bool) -> list[Endpoint]:
    """The endpoints that this process sends for, having taken those that nobody holds; `renew` prolongs every lease."""
    now = store.resources.clock.now()
    free = or_(webhooks.c.held_until.is_(None), webhooks.c.held_until <= now)
    with store.reading() as connection:
        rows = connection.execute(select(webhooks).where(webhooks.c.state != DISABLED)).mappings().all()
    held = [row for row in rows if row["holder"] == holder]
    if (renew and held) or any(row["held_until"] is None or row["held_until"] <= now for row in rows):
        with store.writing() as transaction:
            statement = (
                update(webhooks)
                .where(webhooks.c.state != DISABLED, or_(webhooks.c.holder == holder, free))
                .values(holder=holder, held_until=now + LEASE)
                .returning(webhooks)
            )
            held = list(transaction.execute(statement).mappings().all())
    return [endpoint_of(store.resources.keyring, row) for row in held]


def release(store: Store, holder: str) -> None:
    """Gives every lease back, so that another process need not wait for its end."""
    with store.writing() as transaction:
        transaction.execute(update(webhooks).where(webhooks.c.holder == holder).values(holder=None, held_until=None))


def newest_position(store: Store) -> int:
    """How far the feeds of all agencies reach."""
    outbox = metadata.tables["outbox"]
    with store.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(outbox.c.position), 0))).scalar_one())


def grown_since(store: Store, position: int) -> dict[str, int]:
    """The agencies whose feeds have grown beyond a position, with the newest of each."""
    outbox = metadata.tables["outbox"]
    query = (
        select(outbox.c.audience, func.max(outbox.c.position).label("newest"))
        .where(outbox.c.position > position)
        .group_by(outbox.c.audience)
    )
    with store.reading() as connection:
        return {row.audience: row.newest for row in connection.execute(query)}


def waiting(store: Store, webhook_id: str) -> list[Parcel]:
    """The endpoint's deliveries that are noted and not given up, in the order of the feed."""
    query = (
        select(deliveries)
        .where(deliveries.c.webhook_id == webhook_id, deliveries.c.given_up_at.is_(None))
        .order_by(deliveries.c.position)
    )
    with store.reading() as connection:
        return [
            Parcel(
                position=row.position,
                event_id=row.event_id,
                subject=row.subject,
                attempts=row.attempts,
                problem=row.problem,
                first_failed_at=row.first_failed_at,
                due_at=row.due_at,
                noted=True,
            )
            for row in connection.execute(query)
        ]


def hurry(store: Store, webhook_id: str) -> None:
    """What waits for another try may go now."""
    with store.writing() as transaction:
        open_ones = update(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.given_up_at.is_(None))
        transaction.execute(open_ones.values(due_at=None))


def write(store: Store, holder: str, endpoint: Endpoint, changes: Changes, tally: Tally) -> None:
    """Writes progress, all of it or nothing; raises Superseded."""
    with store.writing() as transaction:
        written = transaction.execute(
            update(webhooks)
            .where(
                webhooks.c.id == endpoint.id,
                webhooks.c.holder == holder,
                webhooks.c.generation == endpoint.generation,
            )
            .values(_progress(transaction.now, changes, tally))
        )
        if not written.rowcount:
            raise Superseded
        rows = [_row(endpoint.id, parcel, None) for parcel in changes.waiting]
        rows += [_row(endpoint.id, parcel, transaction.now) for parcel in changes.given_up]
        if rows:
            insert = store.database.insert(deliveries)
            changing = {
                name: insert.excluded[name]
                for name in ("attempts", "problem", "first_failed_at", "due_at", "given_up_at")
            }
            transaction.execute(
                insert.on_conflict_do_update(index_elements=["webhook_id", "position"], set_=changing), rows
            )
        if changes.ended:
            ended = delete(deliveries).where(deliveries.c.webhook_id == endpoint.id)
            transaction.execute(ended.where(deliveries.c.position.in_(changes.ended)))


def _progress(now: datetime, changes: Changes, tally: Tally) -> dict[str, Any]:
    values: dict[str, Any] = {
        "after": changes.after,
        "delivered": webhooks.c.delivered + tally.delivered,
        "failed_attempts": webhooks.c.failed_attempts + tally.failed,
        "given_up": webhooks.c.given_up + len(changes.given_up),
        "paused_until": tally.paused_until,
    }
    if tally.delivered:
        values |= {"last_delivered_at": now, "state": ENABLED}
    if tally.failed:
        values |= {"last_failed_at": now, "last_problem": tally.problem}
    if changes.given_up:
        values["state"] = FAILING
    if tally.gone:
        values |= {"state": DISABLED, "holder": None, "held_until": None}
    return values


def _row(webhook_id: str, parcel: Parcel, given_up_at: datetime | None) -> dict[str, Any]:
    return {
        "webhook_id": webhook_id,
        "position": parcel.position,
        "event_id": parcel.event_id,
        "subject": parcel.subject,
        "attempts": parcel.attempts,
        "problem": parcel.problem,
        "first_failed_at": parcel.first_failed_at,
        "due_at": parcel.due_at,
        "given_up_at": given_up_at,
    }


def endpoint_of(keyring: Keyring, row: Mapping[Any, Any]) -> Endpoint:
    """A row of `webhooks`."""
    return Endpoint(
        id=row["id"],
        agency=row["agency"],
        url=row["url"],
        secrets=open_secrets(keyring, row),
        after=row["after"],
        generation=row["generation"],
        paused_until=row["paused_until"],
    )
