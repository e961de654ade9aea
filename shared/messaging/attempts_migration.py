"""The migration step by which the inbox tells what an event had behind it when it was done. It stays as it is."""

from typing import Any

import sqlalchemy as sa

from shared.database.types import Moment


def create(op: Any) -> None:
    """`op` is Alembic's. What was taken before tells of one attempt; a version that does not know the columns goes on."""
    op.add_column("inbox", sa.Column("attempts", sa.Integer, nullable=False, server_default="1"))
    op.add_column("inbox", sa.Column("first_failed_at", Moment))
    op.add_column("inbox", sa.Column("error", sa.String(80)))
    op.add_column("inbox", sa.Column("given_up", sa.Boolean, nullable=False, server_default=sa.false()))


def drop(op: Any) -> None:
    """Takes it back."""
    for name in ("given_up", "error", "first_failed_at", "attempts"):
        op.drop_column("inbox", name)
