"""The audit is chained, and refuses to be changed."""

from alembic import op

from shared.audit import first_tables

revision = "eligibility_0002"
down_revision = "eligibility_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.chain(op)


def downgrade() -> None:
    first_tables.unchain(op)
