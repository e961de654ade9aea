"""The live directory."""

from alembic import op

from shared.directory import live_migration

revision = "referrals_0011"
down_revision = "referrals_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live_migration.create(op)


def downgrade() -> None:
    live_migration.drop(op)
