"""The audit of what is done to people's accounts here."""

from alembic import op

from shared.audit import first_tables

revision = "operations_0003"
down_revision = "operations_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)


def downgrade() -> None:
    first_tables.unchain(op)
    op.drop_table("audit")
