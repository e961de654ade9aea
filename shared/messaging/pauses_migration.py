"""The migration step that brought pauses, at each service. It stays as it is: later steps build on it."""

from typing import Any

import sqlalchemy as sa

from shared.database.types import Moment


def create(op: Any) -> None:
    """`op` is Alembic's."""
    op.create_table(
        "pauses",
        sa.Column("what", sa.String(20), primary_key=True),
        sa.Column("agency", sa.String(80), primary_key=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("since", Moment, nullable=False),
    )


def drop(op: Any) -> None:
    """`op` is Alembic's."""
    op.drop_table("pauses")
