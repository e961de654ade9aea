"""What is kept beside `failures` of messages that wait for a person, so that a million of them are looked at as fast as ten.

`parked_groups`   how many messages are parked for each error, place and event type. The database counts them itself, by
                  triggers on `failures`: nobody can forget to, and no page counts a million rows.
`parked_jobs`     messages tried again, or given up, many at a time and at a pace: what was asked, and how far it has come.
`parked_versions` bodies of a message that somebody mended, sealed: as it came, and as it was mended each time.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, event, text

from shared.database.types import BigKey, Moment
from shared.messaging.parked_triggers import triggers

PARKED = text("parked_at IS NOT NULL")
OF_A_JOB = text("job_id IS NOT NULL")
ENDLESS = text("state <> 'done'")


def add_parked_tables(metadata: MetaData) -> None:
    """Declares them in a service's metadata, which has `failures`; whoever makes the tables makes the triggers too."""
    Table(
        "parked_groups",
        metadata,
        Column("id", BigKey, primary_key=True, autoincrement=True),
        Column("error", String(80), nullable=False),
        Column("place", String(200), nullable=False),
        Column("type", String(120), nullable=False),
        Column("messages", BigInteger, nullable=False),
        Index("parked_groups_what", "error", "place", "type", unique=True),
    )
    Table(
        "parked_jobs",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("action", String(20), nullable=False),
        Column("group_id", BigInteger),
        Column("error", String(80)),
        Column("place", String(200)),
        Column("type", String(120)),
        Column("subject", String(80)),
        Column("pace", Integer, nullable=False),
        Column("reason", String(500)),
        Column("actor", String(80), nullable=False),
        Column("begun_at", Moment, nullable=False),
        Column("stepped_at", Moment, nullable=False),
        Column("total", BigInteger, nullable=False),
        Column("moved", BigInteger, nullable=False),
        Column("failed_again", BigInteger, nullable=False),
        Column("state", String(20), nullable=False),
        Column("stopped_by", String(80)),
        Column("ended_at", Moment),
        Index("parked_jobs_open", "id", sqlite_where=ENDLESS, postgresql_where=ENDLESS),
    )
    Table(
        "parked_versions",
        metadata,
        Column("event_id", String(80), primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("at", Moment, nullable=False),
        Column("actor", String(80), nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    event.listen(metadata.tables["failures"], "after_create", _make_triggers)


def _make_triggers(target: Table, connection: Any, **_: Any) -> None:
    """Their tables need not be there yet: a trigger is read when it first fires."""
    for statement in triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)
