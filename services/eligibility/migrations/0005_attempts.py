"""Of an event that was done after failing, the inbox tells after how many attempts."""

from alembic import op

from shared.messaging import attempts_migration

revision = "eligibility_0005"
down_revision = "eligibility_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    attempts_migration.create(op)


def downgrade() -> None:
    attempts_migration.drop(op)
