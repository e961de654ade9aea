"""What operations have paused."""

from alembic import op

from shared.messaging import pauses_migration

revision = "eligibility_0006"
down_revision = "eligibility_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pauses_migration.create(op)


def downgrade() -> None:
    pauses_migration.drop(op)
