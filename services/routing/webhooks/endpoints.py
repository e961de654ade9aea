"""An agency's endpoints as it manages them. Another agency's are not found, as if there were none.

A secret is shown when it is made and never again. What changes where sending stands counts the generation on, so that the
courier at work begins anew from there.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from services.routing.tables import metadata
from services.routing.webhooks.sealed_secrets import seal_secret
from services.routing.webhooks.signing import new_secret
from services.routing.webhooks.tables import DISABLED, ENABLED, deliveries, webhooks
from shared.http import problems
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

MOST_OF_AN_AGENCY = 5
BOTH_SECRETS = timedelta(hours=24)


def create(store: Store, agency: str, url: str, after: int | None) -> tuple[str, str]:
    """A new endpoint: its id and its secret; it begins after that position, or with what comes from now on."""
    webhook_id, secret = new_id(), new_secret()
    try:
        with store.writing() as transaction:
            known = transaction.execute(select(func.count()).where(webhooks.c.agency == agency)).scalar_one()
            if known >= MOST_OF_AN_AGENCY:
                raise problems.conflict("too-many-webhooks", "No more webhooks", f"At most {MOST_OF_AN_AGENCY}.")
            outbox = metadata.tables["outbox"]
            newest = transaction.execute(select(func.coalesce(func.max(outbox.c.position), 0))).scalar_one()
            transaction.insert(
                webhooks,
                id=webhook_id,
                agency=agency,
                url=url,
                secret=seal_secret(store.resources.keyring, webhook_id, secret),
                state=ENABLED,
                after=newest if after is None else min(after, newest),
                generation=1,
                delivered=0,
                failed_attempts=0,
                given_up=0,
                created_at=transaction.now,
            )
    except IntegrityError:
        raise problems.conflict("webhook-exists", "There is a webhook to this address already") from None
    return webhook_id, secret


def show(store: Store, agency: str, webhook_id: str) -> dict[str, Any]:
    """One endpoint, with how many of its deliveries wait; raises a 404 problem."""
    rows = _rows(store, webhooks.c.agency == agency, webhooks.c.id == webhook_id)
    if not rows:
        raise problems.not_found()
    return rows[0]


def of_agency(store: Store, agency: str) -> list[dict[str, Any]]:
    """All of an agency's, the oldest first."""
    return _rows(store, webhooks.c.agency == agency)


def of_all(store: Store) -> list[dict[str, Any]]:
    """Everybody's, for operations."""
    return _rows(store)


def remove(store: Store, agency: str, webhook_id: str) -> None:
    """Nothing is sent to it any more."""
    with store.writing() as transaction:
        _own(transaction, agency, webhook_id)
        transaction.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
        transaction.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


def rotate(store: Store, agency: str, webhook_id: str) -> tuple[str, datetime]:
    """A new secret, and until when the old one signs too."""
    secret = new_secret()
    with store.writing() as transaction:
        row = _own(transaction, agency, webhook_id)
        until = transaction.now + BOTH_SECRETS
        _change(
            transaction,
            webhook_id,
            secret=seal_secret(store.resources.keyring, webhook_id, secret),
            old_secret=row["secret"],
            old_secret_until=until,
        )
    return secret, until


def enable(store: Store, agency: str, webhook_id: str) -> None:
    """Sending goes on where it stopped; what waits is tried at once, with three days before it."""
    with store.writing() as transaction:
        row = _own(transaction, agency, webhook_id)
        _change(
            transaction,
            webhook_id,
            state=ENABLED,
            paused_until=None,
            last_problem=None,
            generation=row["generation"] + 1,
        )
        open_ones = update(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.given_up_at.is_(None))
        transaction.execute(open_ones.values(attempts=0, first_failed_at=None, due_at=None))


def replay(store: Store, agency: str, webhook_id: str, after: int) -> None:
    """Sends again all that follows a position, what was given up too. Raises a 409 problem when it has not come that far."""
    with store.writing() as transaction:
        row = _own(transaction, agency, webhook_id)
        if row["state"] == DISABLED:
            raise problems.conflict("webhook-disabled", "The webhook is switched off", "Enable it first.")
        if after > row["after"]:
            raise problems.conflict("not-reached", "Sending has not come as far as that cursor", "Nothing to replay.")
        _change(transaction, webhook_id, after=after, generation=row["generation"] + 1)
        again = delete(deliveries).where(deliveries.c.webhook_id == webhook_id, deliveries.c.position > after)
        transaction.execute(again)


def undelivered(store: Store, webhook_id: str, after: int, most: int) -> list[RowMapping]:
    """What is noted and not delivered, beyond a position, in the order of the feed."""
    query = (
        select(deliveries)
        .where(deliveries.c.webhook_id == webhook_id, deliveries.c.position > after)
        .order_by(deliveries.c.position)
        .limit(most)
    )
    with store.reading() as connection:
        return list(connection.execute(query).mappings())


def _rows(store: Store, *where: Any) -> list[dict[str, Any]]:
    waiting = (
        select(func.count())
        .where(deliveries.c.webhook_id == webhooks.c.id, deliveries.c.given_up_at.is_(None))
        .scalar_subquery()
        .label("waiting")
    )
    query = select(*webhooks.c, waiting).where(*where).order_by(webhooks.c.created_at, webhooks.c.id)
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _own(transaction: Transaction, agency: str, webhook_id: str) -> Mapping[Any, Any]:
    query = select(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.agency == agency).with_for_update()
    row = transaction.execute(query).mappings().first()
    if row is None:
        raise problems.not_found()
    return row


def _change(transaction: Transaction, webhook_id: str, **values: Any) -> None:
    transaction.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(**values))
