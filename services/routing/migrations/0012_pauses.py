"""What operations have paused."""

from alembic import op

from shared.messaging import pauses_migration

revision = "routing_0012"
down_revision = "routing_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pauses_migration.create(op)


def downgrade() -> None:
    pauses_migration.drop(op)
