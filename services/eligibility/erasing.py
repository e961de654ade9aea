"""Erasing at eligibility: the assessments of a referral go, with what they say of places and ages."""

from collections.abc import Sequence

from sqlalchemy import delete

from services.eligibility.tables import assessments
from shared.contracts.envelope import Event
from shared.messaging.transaction import Transaction
from shared.privacy.erased import erase_here


def erased(transaction: Transaction, event: Event) -> None:
    """A referral was erased."""
    erase_here(transaction, event.data["referral_id"], event.data["reason"], clear)


def clear(transaction: Transaction, referral_ids: Sequence[str]) -> None:
    """Removes all that is held of these referrals."""
    transaction.execute(delete(assessments).where(assessments.c.referral_id.in_(referral_ids)))
