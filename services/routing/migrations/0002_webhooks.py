"""Agencies' webhooks, and the deliveries of each that are not done."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "routing_0002"
down_revision = "routing_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("agency", sa.String(80), nullable=False),
        sa.Column("url", sa.String(1000), nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("old_secret", sa.LargeBinary),
        sa.Column("old_secret_until", Moment),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("paused_until", Moment),
        sa.Column("delivered", sa.BigInteger, nullable=False),
        sa.Column("failed_attempts", sa.BigInteger, nullable=False),
        sa.Column("given_up", sa.BigInteger, nullable=False),
        sa.Column("last_delivered_at", Moment),
        sa.Column("last_failed_at", Moment),
        sa.Column("last_problem", sa.String(40)),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("holder", sa.String(36)),
        sa.Column("held_until", Moment),
    )
    op.create_index("webhooks_address", "webhooks", ["agency", "url"], unique=True)
    op.create_table(
        "webhook_deliveries",
        sa.Column("webhook_id", sa.String(36), sa.ForeignKey("webhooks.id"), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.String(40)),
        sa.Column("first_failed_at", Moment),
        sa.Column("due_at", Moment),
        sa.Column("given_up_at", Moment),
    )
