"""What operations have paused."""

from alembic import op

from shared.messaging import pauses_migration

revision = "referrals_0010"
down_revision = "referrals_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pauses_migration.create(op)


def downgrade() -> None:
    pauses_migration.drop(op)
