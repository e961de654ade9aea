"""Notifications begins: the messages to send and what became of them, and the messaging tables."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment
from shared.messaging import first_tables

revision = "notifications_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_tables.create(op)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("event_id", sa.String(80), nullable=False),
        sa.Column("correlation_id", sa.String(80), nullable=False),
        sa.Column("referral_id", sa.String(80), nullable=False),
        sa.Column("reference", sa.String(11)),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("audience", sa.String(20), nullable=False),
        sa.Column("agency", sa.String(80)),
        sa.Column("link", sa.String(300), nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.String(80)),
        sa.Column("channel", sa.String(20)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("claim", sa.String(36)),
        sa.Column("ended_at", Moment),
    )
    pending = sa.text("status = 'pending'")
    op.create_index("deliveries_due", "deliveries", ["due_at"], sqlite_where=pending, postgresql_where=pending)
    op.create_index("deliveries_status", "deliveries", ["status", "created_at", "id"])
    op.create_index("deliveries_referral", "deliveries", ["referral_id"])


def downgrade() -> None:
    op.drop_table("deliveries")
    for table in ("outbox", "subjects", "inbox", "failures", "audit"):
        op.drop_table(table)
