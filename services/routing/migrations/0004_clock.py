"""When an agency first read a task, and what it was chased for."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "routing_0004"
down_revision = "routing_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_reads",
        sa.Column("task_id", sa.String(36), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "task_chases",
        sa.Column("task_id", sa.String(36), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("what", sa.String(20), primary_key=True),
        sa.Column("stage", sa.String(20), primary_key=True),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("tasks_state", "tasks", ["state"])


def downgrade() -> None:
    op.drop_index("tasks_state", "tasks")
    op.drop_table("task_chases")
    op.drop_table("task_reads")
