"""What was erased."""

from alembic import op

from shared.privacy import first_tables

revision = "routing_0009"
down_revision = "routing_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)


def downgrade() -> None:
    first_tables.drop(op)
