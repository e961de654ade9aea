"""Erasing at notifications: what was not sent yet to referrer or family is not sent, and files of what was sent go.

Rows hold no address; of those that stay, words and link are taken away. What agencies are told, such as to stop, goes out.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from services.notifications.carriers.choice import outbox_of
from services.notifications.carriers.files import file_name
from services.notifications.domain import AGENCY, PENDING
from services.notifications.tables import deliveries
from shared.contracts.envelope import Event
from shared.messaging.transaction import Transaction
from shared.privacy.erased import erase_here


def erased(transaction: Transaction, event: Event) -> None:
    """A referral was erased."""
    erase_here(transaction, event.data["referral_id"], event.data["reason"], clear)


def clear(transaction: Transaction, referral_ids: Sequence[str]) -> None:
    """Removes what is held of these referrals but that there were messages."""
    theirs = deliveries.c.referral_id.in_(referral_ids) & (deliveries.c.audience != AGENCY)
    folder = outbox_of(transaction.resources.settings)
    if folder.is_dir():
        written = select(deliveries.c.id, deliveries.c.created_at).where(theirs)
        for row in transaction.execute(written).all():
            (folder / file_name(row.created_at, row.id)).unlink(missing_ok=True)
    transaction.execute(delete(deliveries).where(theirs, deliveries.c.status == PENDING))
    transaction.execute(update(deliveries).where(theirs).values(words={}, link=""))
