"""Holds: referrals that are kept though their time is over, because somebody needs them. The reason is sealed under the
referral's key; who held it, and who released it, is in the audit."""

from sqlalchemy import Column, LargeBinary, String, Table

from services.referrals.tables import metadata
from shared.database.types import Moment

holds = Table(
    "holds",
    metadata,
    Column("referral_id", String(36), primary_key=True),
    Column("held_at", Moment, nullable=False),
    Column("held_by", String(80), nullable=False),
    Column("reason", LargeBinary, nullable=False),
)
