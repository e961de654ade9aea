"""What carriers say became of messages that they took over."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("carrier_id", sa.String(80)))
    op.add_column("deliveries", sa.Column("receipt", sa.String(40)))
    op.add_column("deliveries", sa.Column("receipt_due_at", Moment))
    awaited = sa.text("receipt_due_at IS NOT NULL")
    op.create_index(
        "deliveries_receipt", "deliveries", ["receipt_due_at"], sqlite_where=awaited, postgresql_where=awaited
    )


def downgrade() -> None:
    op.drop_index("deliveries_receipt", "deliveries")
    for name in ("receipt_due_at", "receipt", "carrier_id"):
        op.drop_column("deliveries", name)
