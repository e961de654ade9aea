"""What eligibility holds of a referral: what the rules said of it. And what its master keys seal."""

from typing import Any

from sqlalchemy import select

from services.eligibility.erasing import clear
from services.eligibility.tables import assessments, metadata
from shared.messaging.sealed_columns import sealed_messages
from shared.messaging.store import Store
from shared.privacy.desk import Kept, audited, shown


def held(store: Store, referral_id: str) -> dict[str, Any]:
    """All of it."""
    query = select(assessments).where(assessments.c.referral_id == referral_id).order_by(assessments.c.facts_sequence)
    with store.reading() as connection:
        found = [shown(row, "referral_id") for row in connection.execute(query)]
        return {"assessments": found, "acts_of_people": audited(connection, [referral_id])}


KEPT = Kept(sealed=sealed_messages(metadata), held=held, clear=clear)
