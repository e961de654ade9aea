"""The migration step that made parked messages countable, at each service. It stays as it is: later steps build on it.

What is parked already is counted as the step runs.
"""

from typing import Any

import sqlalchemy as sa

from shared.database.types import BigKey, Moment
from shared.messaging.parked_triggers import drops, triggers

_DUE = sa.text("due_at IS NOT NULL")
_PARKED = sa.text("parked_at IS NOT NULL")
_OF_A_JOB = sa.text("job_id IS NOT NULL")
_ENDLESS = sa.text("state <> 'done'")


def create(op: Any) -> None:
    """`op` is Alembic's."""
    op.add_column("failures", sa.Column("job_id", sa.String(36)))
    op.drop_index("failures_parked", "failures")
    op.drop_index("failures_due", "failures")
    for name, columns, where in (
        # SQLite finds what is not null by a partial index alone, and a million parked messages are not due.
        ("failures_due", ["due_at", "first_failed_at"], _DUE),
        ("failures_parked", ["parked_at", "event_id"], _PARKED),
        ("failures_group", ["error", "place", "type", "parked_at", "event_id"], _PARKED),
        ("failures_subject", ["subject", "event_id"], None),
        ("failures_job", ["job_id", "parked_at"], _OF_A_JOB),
    ):
        op.create_index(name, "failures", columns, sqlite_where=where, postgresql_where=where)
    # What came and went within a minute is counted by these; on PostgreSQL they cost next to nothing to keep.
    op.create_index("inbox_taken", "inbox", ["taken_at"], postgresql_using="brin")
    op.create_index("outbox_written", "outbox", ["written_at"], postgresql_using="brin")
    op.create_table(
        "parked_groups",
        sa.Column("id", BigKey, primary_key=True, autoincrement=True),
        sa.Column("error", sa.String(80), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("messages", sa.BigInteger, nullable=False),
    )
    op.create_index("parked_groups_what", "parked_groups", ["error", "place", "type"], unique=True)
    op.create_table(
        "parked_jobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("group_id", sa.BigInteger),
        sa.Column("error", sa.String(80)),
        sa.Column("place", sa.String(200)),
        sa.Column("type", sa.String(120)),
        sa.Column("subject", sa.String(80)),
        sa.Column("pace", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("begun_at", Moment, nullable=False),
        sa.Column("stepped_at", Moment, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("moved", sa.BigInteger, nullable=False),
        sa.Column("failed_again", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("stopped_by", sa.String(80)),
        sa.Column("ended_at", Moment),
    )
    op.create_index("parked_jobs_open", "parked_jobs", ["id"], sqlite_where=_ENDLESS, postgresql_where=_ENDLESS)
    op.create_table(
        "parked_versions",
        sa.Column("event_id", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    for statement in triggers(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)
    op.execute(
        "INSERT INTO parked_groups (error, place, type, messages) SELECT error, place, type, count(*) FROM failures "
        "WHERE parked_at IS NOT NULL GROUP BY error, place, type"
    )


def drop(op: Any) -> None:
    """Takes it back; what is parked stays parked."""
    for statement in drops(op.get_bind().dialect.name):
        op.execute(statement)
    for name in ("parked_versions", "parked_jobs", "parked_groups"):
        op.drop_table(name)
    op.drop_index("outbox_written", "outbox")
    op.drop_index("inbox_taken", "inbox")
    for name in ("failures_job", "failures_subject", "failures_group", "failures_parked", "failures_due"):
        op.drop_index(name, "failures")
    op.create_index("failures_due", "failures", ["due_at"])
    op.create_index("failures_parked", "failures", ["parked_at"])
    op.drop_column("failures", "job_id")
