"""The live directory, and the versions that there were of it."""

import sqlalchemy as sa
from alembic import op

from shared.database.types import Moment
from shared.directory import live_migration

revision = "operations_0005"
down_revision = "operations_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    live_migration.create(op)
    op.create_table(
        "directory_versions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("version", sa.String(80), nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("uploaded_by", sa.String(80), nullable=False),
        sa.Column("uploaded_at", Moment, nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("trial_state", sa.String(20), nullable=False),
        sa.Column("trial_live", sa.String(80)),
        sa.Column("trial_after", sa.String(80), nullable=False),
        sa.Column("trial_total", sa.Integer, nullable=False),
        sa.Column("trial_looked", sa.Integer, nullable=False),
        sa.Column("trial_counts", sa.JSON, nullable=False),
        sa.Column("trial_moved_at", Moment),
    )
    op.create_index("directory_versions_state", "directory_versions", ["state"])
    op.create_table(
        "directory_publications",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version_id", sa.String(36), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "directory_changes",
        sa.Column("version_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("referral_id", sa.String(80), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("agencies", sa.JSON, nullable=False),
    )
    op.create_index("directory_changes_kind", "directory_changes", ["version_id", "kind", "number"])


def downgrade() -> None:
    op.drop_table("directory_changes")
    op.drop_table("directory_publications")
    op.drop_table("directory_versions")
    live_migration.drop(op)
