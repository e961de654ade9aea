"""Referrals with what belongs to them, keys and first answers, and the messaging tables."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import BigKey, Moment
from shared.messaging import first_tables

revision = "referrals_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("owner", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Index("idempotency_created_at", "created_at"),
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
    op.create_table(
        "referrals",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("reference", sa.String(11), nullable=False, unique=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("referrer_type", sa.String(40), nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("tracking_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("decided_sequence", sa.Integer, nullable=False),
        sa.Index("referrals_owner", "owner", "id"),
        sa.Index("referrals_owner_status", "owner", "status", "id"),
    )
    op.create_table(
        "referral_keys",
        sa.Column("referral_id", sa.String(36), primary_key=True),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "children",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("referral_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("blind_index", sa.String(64), nullable=False),
        sa.Index("children_referral", "referral_id"),
        sa.Index("children_blind_index", "blind_index"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("referral_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("scope", sa.JSON, nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.Column("given_at", Moment),
        sa.Column("given_by", sa.String(60)),
        sa.Column("method", sa.String(20)),
        sa.Column("wording_version", sa.String(40)),
        sa.Column("child_view", sa.String(20)),
        sa.Column("sealed", sa.LargeBinary),
        sa.Index("consents_referral", "referral_id", "id"),
    )
    op.create_table(
        "timeline",
        sa.Column("id", BigKey, primary_key=True, autoincrement=True),
        sa.Column("referral_id", sa.String(80), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("event_id", sa.String(80), nullable=False, unique=True),
        sa.Index("timeline_referral", "referral_id", "at"),
    )
    op.create_table(
        "assessments",
        sa.Column("event_id", sa.String(80), primary_key=True),
        sa.Column("referral_id", sa.String(80), nullable=False),
        sa.Column("facts_sequence", sa.Integer, nullable=False),
        sa.Column("directory_version", sa.String(80), nullable=False),
        sa.Column("outcomes", sa.JSON, nullable=False),
        sa.Column("assessed_at", Moment, nullable=False),
        sa.Index("assessments_referral", "referral_id", "facts_sequence"),
    )
    op.create_table(
        "looks",
        sa.Column("id", BigKey, primary_key=True, autoincrement=True),
        sa.Column("referral_id", sa.String(36), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("purpose", sa.String(80), nullable=False),
        sa.Index("looks_referral", "referral_id", "at"),
    )
    first_tables.create(op)
