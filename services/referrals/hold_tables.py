"""Holds: a referral that is kept though its time is over, because somebody needs it, until it is released.

Why it was held, and why released, is sealed under the referral's own key; of one that was erased no hold is left.
"""

from sqlalchemy import Column, Index, LargeBinary, String, Table, text

from services.referrals.tables import metadata
from shared.database.types import Moment

HELD = text("released_at IS NULL")

holds = Table(
    "holds",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("referral_id", String(36), nullable=False),
    Column("held_at", Moment, nullable=False),
    Column("held_by", String(80), nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("released_at", Moment),
    Column("released_by", String(80)),
    Column("released_for", LargeBinary),
    Index("holds_referral", "referral_id"),
    Index("holds_held", "referral_id", unique=True, sqlite_where=HELD, postgresql_where=HELD),
)
