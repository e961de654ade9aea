"""What notifications holds of a referral: which messages went to whom, and what became of them. No address is held."""

from typing import Any

from sqlalchemy import select

from services.notifications.erasing import clear
from services.notifications.tables import deliveries, metadata
from shared.messaging.sealed_columns import sealed_messages
from shared.messaging.store import Store
from shared.privacy.desk import Kept, audited, shown


def held(store: Store, referral_id: str) -> dict[str, Any]:
    """All of it; the address of a page is left out."""
    left_out = ("id", "event_id", "correlation_id", "referral_id", "link", "claim", "carrier_id")
    query = select(deliveries).where(deliveries.c.referral_id == referral_id).order_by(deliveries.c.created_at)
    with store.reading() as connection:
        found = [shown(row, *left_out) for row in connection.execute(query)]
        return {"messages": found, "acts_of_people": audited(connection, [referral_id])}


KEPT = Kept(sealed=sealed_messages(metadata), held=held, clear=clear)
