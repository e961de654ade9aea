"""People who sign in, and their invitations and sessions."""

from alembic import op

from shared.web.people import first_tables

revision = "operations_0002"
down_revision = "operations_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)


def downgrade() -> None:
    first_tables.drop(op)
