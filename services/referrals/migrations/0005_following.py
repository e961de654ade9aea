"""Referrals are followed with a code: who asked for one, and what it opened."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "referrals_0005"
down_revision = "referrals_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_codes",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("referral_id", sa.String(36)),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_at", Moment),
    )
    op.create_index("access_codes_who", "access_codes", ["who", "asked_at"])
    op.create_index("access_codes_asked", "access_codes", ["asked_at"])
    op.create_table(
        "passes",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("referral_id", sa.String(36), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
    )
    op.create_index("passes_referral", "passes", ["referral_id"])
    op.create_index("passes_ends", "passes", ["ends_at"])
