"""A look each minute at every service and agency, for the picture of the last hour."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "operations_0004"
down_revision = "operations_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "samples",
        sa.Column("minute", Moment, primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("came", sa.Integer, nullable=False),
        sa.Column("went", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("samples")
