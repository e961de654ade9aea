"""Assessments, and the messaging tables."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment
from shared.messaging import first_tables

revision = "eligibility_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessments",
        sa.Column("referral_id", sa.String(80), primary_key=True),
        sa.Column("facts_sequence", sa.Integer, primary_key=True),
        sa.Column("directory_version", sa.String(80), nullable=False),
        sa.Column("outcomes", sa.JSON, nullable=False),
        sa.Column("assessed_at", Moment, nullable=False),
    )
    first_tables.create(op)
