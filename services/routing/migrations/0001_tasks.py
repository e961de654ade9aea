"""Referrals as routing knows them, tasks and their moves, keys, and the messaging tables."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import BigKey, Moment
from shared.messaging import first_tables

revision = "routing_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("referral_id", sa.String(80), primary_key=True),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("chosen", sa.JSON, nullable=False),
        sa.Column("facts_sequence", sa.Integer, nullable=False),
        sa.Column("scope", sa.JSON, nullable=False),
        sa.Column("scope_sequence", sa.Integer, nullable=False),
        sa.Column("outcomes", sa.JSON, nullable=False),
        sa.Column("assessed_sequence", sa.Integer, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("decision", sa.JSON),
        sa.Column("changed_at", Moment, nullable=False),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("referral_id", sa.String(80), sa.ForeignKey("referrals.referral_id"), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("agency", sa.String(80), nullable=False),
        sa.Column("open_agency", sa.String(80)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("held_from", sa.String(20)),
        sa.Column("reason", sa.String(40)),
        sa.Column("children", sa.JSON, nullable=False),
        sa.Column("receipt", sa.JSON, nullable=False),
        sa.Column("acknowledge_by", sa.Date, nullable=False),
        sa.Column("decide_by", sa.Date, nullable=False),
        sa.Column("contact_by", sa.Date, nullable=False),
        sa.Column("requested_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("recall_acknowledged_at", Moment),
    )
    op.create_index("tasks_open", "tasks", ["referral_id", "open_agency"], unique=True)
    op.create_index("tasks_page", "tasks", ["agency", "id"])
    op.create_index("tasks_state_page", "tasks", ["agency", "state", "id"])
    op.create_table(
        "moves",
        sa.Column("id", BigKey, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), sa.ForeignKey("tasks.id"), nullable=False, index=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("next", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40)),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(10), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("revoked_at", Moment),
    )
    first_tables.create(op)
