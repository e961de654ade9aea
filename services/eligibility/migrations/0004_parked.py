"""Parked messages are counted by the database, retried by jobs, and mended with every version kept."""

from alembic import op

from shared.messaging import parked_migration

revision = "eligibility_0004"
down_revision = "eligibility_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parked_migration.create(op)


def downgrade() -> None:
    parked_migration.drop(op)
