"""What was erased."""

from alembic import op

from shared.privacy import first_tables

revision = "notifications_0004"
down_revision = "notifications_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)


def downgrade() -> None:
    first_tables.drop(op)
