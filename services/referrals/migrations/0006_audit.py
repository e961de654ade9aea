"""The audit is chained, and refuses to be changed."""

from alembic import op

from shared.audit import first_tables

revision = "referrals_0006"
down_revision = "referrals_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.chain(op)


def downgrade() -> None:
    first_tables.unchain(op)
