"""The messaging tables that every service's own database holds.

`outbox`   events to send and sent; what an agency hears (`audience`) gets a `position` when sent, and is its pull feed.
`subjects` how many events this service has written of each subject: the `sequence` of the next.
`inbox`    events that have had their effect here; of one that failed before, with what error and how often it was tried since
           it last came, or that a person has given it up.
`failures` events that have not: due for retry (`due_at`), or parked for a person (`parked_at`). `job_id` says that a job of
           `parked_jobs` had it tried again. Those of the error `paused` were never tried: see `shared.messaging.pauses`.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, false, text

from shared.audit.tables import add_audit_tables
from shared.database.types import BigKey, Moment
from shared.messaging.parked_tables import OF_A_JOB, PARKED, add_parked_tables
from shared.messaging.pauses_tables import add_pauses_table

UNSENT = text("sent_at IS NULL")
DUE = text("due_at IS NOT NULL")


def add_messaging_tables(metadata: MetaData) -> None:
    """Declares these tables in a service's metadata, those of parked messages and pauses, and those of the audit."""
    Table(
        "outbox",
        metadata,
        Column("id", BigKey, primary_key=True, autoincrement=True),
        Column("event_id", String(80), nullable=False),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("audience", String(80)),
        Column("body", LargeBinary, nullable=False),
        Column("written_at", Moment, nullable=False),
        Column("due_at", Moment, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("problem", String(80)),
        Column("sent_at", Moment),
        Column("position", BigInteger),
        Index("outbox_unsent", "id", sqlite_where=UNSENT, postgresql_where=UNSENT),
        Index("outbox_feed", "audience", "position"),
        Index("outbox_position", "position", unique=True),
        Index("outbox_subject", "subject", "sequence"),
        Index("outbox_written", "written_at", postgresql_using="brin"),
    )
    Table(
        "subjects",
        metadata,
        Column("subject", String(80), primary_key=True),
        Column("sequence", Integer, nullable=False),
    )
    Table(
        "inbox",
        metadata,
        Column("event_id", String(80), primary_key=True),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("taken_at", Moment, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="1"),
        Column("first_failed_at", Moment),
        Column("error", String(80)),
        Column("given_up", Boolean, nullable=False, server_default=false()),
        Index("inbox_taken", "taken_at", postgresql_using="brin"),
    )
    Table(
        "failures",
        metadata,
        Column("event_id", String(80), primary_key=True),
        Column("type", String(120), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("size", Integer, nullable=False),
        Column("error", String(80), nullable=False),
        Column("place", String(200), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("failed_at", Moment, nullable=False),
        Column("first_failed_at", Moment, nullable=False),
        Column("due_at", Moment),
        Column("parked_at", Moment),
        Column("job_id", String(36)),
        Index("failures_due", "due_at", "first_failed_at", sqlite_where=DUE, postgresql_where=DUE),
        Index("failures_parked", "parked_at", "event_id", sqlite_where=PARKED, postgresql_where=PARKED),
        Index(
            "failures_group",
            *("error", "place", "type", "parked_at", "event_id"),
            sqlite_where=PARKED,
            postgresql_where=PARKED,
        ),
        Index("failures_subject", "subject", "event_id"),
        Index("failures_job", "job_id", "parked_at", sqlite_where=OF_A_JOB, postgresql_where=OF_A_JOB),
    )
    add_parked_tables(metadata)
    add_pauses_table(metadata)
    add_audit_tables(metadata)
