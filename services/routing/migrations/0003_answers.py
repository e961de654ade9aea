"""What agencies answer: notes, workers, questions, room; what persons rule; referrals that end and begin anew."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment
from shared.http.idempotency import idempotency_table

revision = "routing_0003"
down_revision = "routing_0002"
branch_labels = None
depends_on = None

ALWAYS = 2**31 - 1


def upgrade() -> None:
    _referrals()
    _tasks()
    op.add_column("moves", sa.Column("note", sa.LargeBinary))
    op.create_table(
        "task_keys",
        sa.Column("task_id", sa.String(36), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "rulings",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("referral_id", sa.String(80), sa.ForeignKey("referrals.referral_id"), nullable=False, index=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("agency", sa.String(80)),
        sa.Column("reason", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "capacities",
        sa.Column("agency", sa.String(80), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.Column("decide_again", sa.Boolean, nullable=False),
    )
    idempotency_table(metadata := sa.MetaData())
    metadata.create_all(op.get_bind())


def _referrals() -> None:
    for column in (
        sa.Column("ended", sa.String(20), nullable=False, server_default=""),
        sa.Column("ended_sequence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("round", sa.Integer, nullable=False, server_default="0"),
        sa.Column("duplicates", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("ruling", sa.JSON),
        sa.Column("review", sa.String(40)),
    ):
        op.add_column("referrals", column)
    # No sequence was kept of a withdrawal; nothing could follow one.
    op.execute(sa.text(f"UPDATE referrals SET ended = 'withdrawn', ended_sequence = {ALWAYS} WHERE withdrawn"))
    op.execute(sa.text(f"UPDATE referrals SET review = ({_code()}) WHERE {_status()} = 'under-review'"))
    op.drop_column("referrals", "withdrawn")
    waiting = sa.text("review IS NOT NULL")
    op.create_index("referrals_review", "referrals", ["referral_id"], sqlite_where=waiting, postgresql_where=waiting)


def _status() -> str:
    return "json_extract(decision, '$.status')" if _is_sqlite() else "decision ->> 'status'"


def _code() -> str:
    return "json_extract(decision, '$.codes[0]')" if _is_sqlite() else "decision -> 'codes' ->> 0"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _tasks() -> None:
    for column in (
        sa.Column("round", sa.Integer, nullable=False, server_default="0"),
        sa.Column("capacity", sa.String(20), nullable=False, server_default="open"),
        sa.Column("capacity_until", sa.Date),
        sa.Column("asked_sequence", sa.Integer),
        sa.Column("items", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("worker", sa.LargeBinary),
    ):
        op.add_column("tasks", column)
    recalled = sa.text("state = 'cancelled' AND recall_acknowledged_at IS NULL")
    op.create_index("tasks_recalled", "tasks", ["id"], sqlite_where=recalled, postgresql_where=recalled)
