"""What was erased."""

from alembic import op

from shared.privacy import first_tables

revision = "eligibility_0003"
down_revision = "eligibility_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)


def downgrade() -> None:
    first_tables.drop(op)
