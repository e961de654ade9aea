"""The live directory."""

from alembic import op

from shared.directory import live_migration

revision = "notifications_0008"
down_revision = "notifications_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live_migration.create(op)


def downgrade() -> None:
    live_migration.drop(op)
