"""Agreement may run out, and waiting for it ends: when the clock next has to look at a referral."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment

revision = "referrals_0003"
down_revision = "referrals_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("expires_on", sa.Date))
    op.add_column("referrals", sa.Column("awaiting_since", Moment))
    op.add_column("referrals", sa.Column("clock_due_at", Moment))
    due = sa.text("clock_due_at IS NOT NULL")
    op.create_index("referrals_clock", "referrals", ["clock_due_at"], sqlite_where=due, postgresql_where=due)
    # Those who wait already wait from now on: nobody is given up without having been reminded.
    now = datetime.now(UTC)
    referrals = sa.table(
        "referrals", sa.column("status"), sa.column("awaiting_since", Moment), sa.column("clock_due_at", Moment)
    )
    op.execute(
        sa.update(referrals)
        .where(referrals.c.status == "awaiting-consent")
        .values(awaiting_since=now, clock_due_at=now + timedelta(days=7))
    )
