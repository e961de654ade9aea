"""Of an event that was done after failing, the inbox tells after how many attempts."""

from alembic import op

from shared.messaging import attempts_migration

revision = "notifications_0006"
down_revision = "notifications_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    attempts_migration.create(op)


def downgrade() -> None:
    attempts_migration.drop(op)
