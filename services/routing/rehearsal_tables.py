"""What routing keeps of rehearsals besides their tasks: each call of the agency that a made-up task did not allow."""

from sqlalchemy import Column, ForeignKey, String, Table

from services.routing.tables import metadata
from shared.database.types import BigKey, Moment

refusals = Table(
    "rehearsal_refusals",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("task_id", String(36), ForeignKey("tasks.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("action", String(40), nullable=False),
    Column("state", String(20), nullable=False),
)
