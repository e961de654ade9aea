"""Parked messages are counted by the database, retried by jobs, and mended; what waits to be assessed is found by an index."""

import sqlalchemy as sa
from alembic import op

from shared.messaging import parked_migration

revision = "referrals_0008"
down_revision = "referrals_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parked_migration.create(op)
    screening = sa.text("status = 'screening'")
    op.create_index(
        "referrals_screening", "referrals", ["received_at"], sqlite_where=screening, postgresql_where=screening
    )


def downgrade() -> None:
    op.drop_index("referrals_screening", "referrals")
    parked_migration.drop(op)
