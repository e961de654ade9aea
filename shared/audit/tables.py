"""The tables of the audit, in the database of each service that is acted on.

`audit`      one row for each act: who, what, about which id, and codes or counts beside it; nothing personal. `number` counts
             without gaps, `mac` is the keyed hash of the entry and of the `mac` before it. Rows from before there was a chain
             have neither.
`audit_head` one row: the newest number and `mac`, and a keyed hash of both, so that entries cut off at the end are missed.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

from shared.database.types import BigKey, Moment

metadata = MetaData()
ACTOR, ACTION, SUBJECT, DETAIL = 80, 80, 80, 500

audit = Table(
    "audit",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor", String(ACTOR), nullable=False),
    Column("action", String(ACTION), nullable=False),
    Column("subject", String(SUBJECT), nullable=False),
    Column("detail", String(DETAIL), nullable=False),
    Column("number", BigInteger),
    Column("mac", String(64)),
    Index("audit_number", "number", unique=True),
    Index("audit_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)


def add_audit_tables(into: MetaData) -> None:
    """Declares both in a service's metadata."""
    for table in (audit, audit_head):
        table.to_metadata(into)
