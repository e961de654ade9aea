"""What lists and pictures of tasks are found by: what is due, the children's ages, who works on it, whose move it was."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.clock import london_date
from shared.database.types import Moment
from shared.working_days import add_working_days

revision = "routing_0007"
down_revision = "routing_0006"
branch_labels = None
depends_on = None

_BATCH = 500
_OPEN = ("requested", "accepted", "on-hold", "in-progress")


def upgrade() -> None:
    op.add_column("tasks", sa.Column("due", sa.Date))
    op.add_column("tasks", sa.Column("ages", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("tasks", sa.Column("worker_index", sa.String(64)))
    op.add_column("moves", sa.Column("agency", sa.String(80), nullable=False, server_default=""))
    op.create_table(
        "task_days",
        sa.Column("agency", sa.String(80), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("counts", sa.JSON, nullable=False),
    )
    _fill()
    not_over = sa.text("due IS NOT NULL")
    for name, columns in (
        ("tasks_due", ["agency", "due", "id"]),
        ("tasks_state_due", ["agency", "state", "due", "id", "requested_at"]),
        ("tasks_worker", ["agency", "worker_index", "due", "id", "state"]),
    ):
        op.create_index(name, "tasks", columns, sqlite_where=not_over, postgresql_where=not_over)
    op.create_index("tasks_reference", "tasks", ["agency", "reference", "id"])
    op.create_index("moves_agency", "moves", ["agency", "at"])


def _fill() -> None:
    connection = op.get_bind()
    connection.execute(
        sa.text("UPDATE moves SET agency = (SELECT tasks.agency FROM tasks WHERE tasks.id = moves.task_id)")
    )
    table = _tasks()
    last = ""
    while rows := connection.execute(
        sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(_BATCH)
    ).all():
        for row in rows:
            values = {"due": _due(connection, row), "ages": _ages(row.receipt, row.children)}
            connection.execute(sa.update(table).where(table.c.id == row.id).values(**values))
        last = rows[-1].id


def _tasks() -> sa.Table:
    return sa.Table(
        "tasks",
        sa.MetaData(),
        sa.Column("id", sa.String(36), primary_key=True),
        *(sa.Column(name, sa.String(40)) for name in ("state",)),
        *(sa.Column(name, sa.Date) for name in ("acknowledge_by", "decide_by", "contact_by", "due")),
        *(sa.Column(name, Moment) for name in ("changed_at", "recall_acknowledged_at")),
        *(sa.Column(name, sa.JSON) for name in ("children", "receipt", "ages")),
    )


def _due(connection: Any, row: Any) -> Any:
    """As `services.routing.due` had it when this step was written."""
    if row.state == "requested":
        seen = sa.text(
            "SELECT 1 FROM task_reads WHERE task_id = :id UNION SELECT 1 FROM moves WHERE task_id = :id AND role = 'agency'"
        )
        return row.decide_by if connection.execute(seen, {"id": row.id}).first() else row.acknowledge_by
    if row.state == "accepted":
        return row.contact_by
    if row.state == "cancelled" and row.recall_acknowledged_at is None:
        return add_working_days(london_date(row.changed_at), 1)
    return date.max if row.state in _OPEN else None


def _ages(receipt: Any, children: list[str]) -> list[int]:
    """As `services.routing.domain.ages` had it when this step was written."""
    found = {
        used["child"]: used["value"]
        for clause in (receipt or {}).get("clauses", ())
        if clause["fact"].rpartition(".")[2] == "age"
        for used in clause["used"]
        if isinstance(used["value"], int)
    }
    return sorted((found[child] for child in children if child in found), reverse=True)


def downgrade() -> None:
    op.drop_index("moves_agency", "moves")
    for name in ("tasks_reference", "tasks_worker", "tasks_state_due", "tasks_due"):
        op.drop_index(name, "tasks")
    op.drop_table("task_days")
    op.drop_column("moves", "agency")
    for name in ("worker_index", "ages", "due"):
        op.drop_column("tasks", name)
