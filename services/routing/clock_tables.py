"""What routing keeps of time: when an agency first read a task, and what it was chased for.

A chase is one of its key: so that of many replicas one alone tells of it, and once.
"""

from sqlalchemy import Column, Date, ForeignKey, Index, String, Table

from services.routing.tables import metadata, tasks
from shared.database.types import Moment

reads = Table(
    "task_reads",
    metadata,
    Column("task_id", String(36), ForeignKey("tasks.id"), primary_key=True),
    Column("at", Moment, nullable=False),
)

chases = Table(
    "task_chases",
    metadata,
    Column("task_id", String(36), ForeignKey("tasks.id"), primary_key=True),
    Column("what", String(20), primary_key=True),
    Column("stage", String(20), primary_key=True),
    Column("due", Date, nullable=False),
    Column("at", Moment, nullable=False),
)

Index("tasks_state", tasks.c.state)
