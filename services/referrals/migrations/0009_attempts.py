"""Of an event that was done after failing, the inbox tells after how many attempts."""

from alembic import op

from shared.messaging import attempts_migration

revision = "referrals_0009"
down_revision = "referrals_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    attempts_migration.create(op)


def downgrade() -> None:
    attempts_migration.drop(op)
