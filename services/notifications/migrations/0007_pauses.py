"""What operations have paused."""

from alembic import op

from shared.messaging import pauses_migration

revision = "notifications_0007"
down_revision = "notifications_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pauses_migration.create(op)


def downgrade() -> None:
    pauses_migration.drop(op)
