"""Forms that people have begun and not yet sent."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "referrals_0004"
down_revision = "referrals_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("referral_id", sa.String(36)),
    )
    op.create_index("drafts_expires", "drafts", ["expires_at"])
