"""What was erased, and what is held."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment
from shared.privacy import first_tables

revision = "referrals_0007"
down_revision = "referrals_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)
    op.create_table(
        "holds",
        sa.Column("referral_id", sa.String(36), primary_key=True),
        sa.Column("held_at", Moment, nullable=False),
        sa.Column("held_by", sa.String(80), nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("holds")
    first_tables.drop(op)
