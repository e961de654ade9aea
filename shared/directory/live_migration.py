"""The migration step that first made the table of the live directory, at each service. It stays as it is."""

from typing import Any

from sqlalchemy import JSON, Column, Integer, String

from shared.database.types import Moment


def create(op: Any) -> None:
    """`op` is Alembic's."""
    op.create_table(
        "directory_live",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("version", String(80), nullable=False),
        Column("files", JSON, nullable=False),
        Column("former", JSON, nullable=False),
        Column("taken_at", Moment, nullable=False),
    )


def drop(op: Any) -> None:
    op.drop_table("directory_live")
