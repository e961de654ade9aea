"""Parked messages are counted by the database, retried by jobs, and mended with every version kept."""

from alembic import op

from shared.messaging import parked_migration

revision = "routing_0010"
down_revision = "routing_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parked_migration.create(op)


def downgrade() -> None:
    parked_migration.drop(op)
