"""The live directory."""

from alembic import op

from shared.directory import live_migration

revision = "eligibility_0007"
down_revision = "eligibility_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live_migration.create(op)


def downgrade() -> None:
    live_migration.drop(op)
