"""Parked messages are counted by the database, retried by jobs, and mended with every version kept."""

from alembic import op

from shared.messaging import parked_migration

revision = "notifications_0005"
down_revision = "notifications_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parked_migration.create(op)


def downgrade() -> None:
    parked_migration.drop(op)
