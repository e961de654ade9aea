"""Looks say for which agency and task, at what, and whether they were refused."""

import sqlalchemy as sa
from alembic import op

revision = "referrals_0002"
down_revision = "referrals_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("looks", sa.Column("agency", sa.String(80)))
    op.add_column("looks", sa.Column("task_id", sa.String(80)))
    op.add_column("looks", sa.Column("outcome", sa.String(80), nullable=False, server_default="shown"))
    op.add_column("looks", sa.Column("parts", sa.JSON))
