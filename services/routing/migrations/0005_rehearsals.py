"""What an agency tried with a made-up task and could not do."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import BigKey, Moment

revision = "routing_0005"
down_revision = "routing_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rehearsal_refusals",
        sa.Column("id", BigKey, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
    )
    op.create_index("ix_rehearsal_refusals_task_id", "rehearsal_refusals", ["task_id"])


def downgrade() -> None:
    op.drop_table("rehearsal_refusals")
