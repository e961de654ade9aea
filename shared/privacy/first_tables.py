"""The migration step that first made the table of what was erased. It stays as it is: later steps build on it."""

from typing import Any

import sqlalchemy as sa

from shared.database.types import Moment


def create(op: Any) -> None:
    """`op` is Alembic's."""
    op.create_table(
        "erased",
        sa.Column("referral_id", sa.String(80), primary_key=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("finished_at", Moment),
    )
    still_open = sa.text("finished_at IS NULL")
    op.create_index(
        "erased_open", "erased", ["at", "referral_id"], sqlite_where=still_open, postgresql_where=still_open
    )


def drop(op: Any) -> None:
    op.drop_table("erased")
