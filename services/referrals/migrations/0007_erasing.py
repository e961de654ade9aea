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
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("referral_id", sa.String(36), nullable=False),
        sa.Column("held_at", Moment, nullable=False),
        sa.Column("held_by", sa.String(80), nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("released_at", Moment),
        sa.Column("released_by", sa.String(80)),
        sa.Column("released_for", sa.LargeBinary),
    )
    held = sa.text("released_at IS NULL")
    op.create_index("holds_referral", "holds", ["referral_id"])
    op.create_index("holds_held", "holds", ["referral_id"], unique=True, sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    op.drop_table("holds")
    first_tables.drop(op)
