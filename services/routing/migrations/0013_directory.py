"""The live directory."""

from alembic import op

from shared.directory import live_migration

revision = "routing_0013"
down_revision = "routing_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live_migration.create(op)


def downgrade() -> None:
    live_migration.drop(op)
