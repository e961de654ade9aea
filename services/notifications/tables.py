"""What notifications keeps: a row for each message, what became of it, and no address.

A delivery is `pending` until it is `sent`, `failed` for good or `suppressed`. `due_at` is when it may next be tried;
while a pending one has a `claim`, it is when a sender that died with it loses it. `problem` is the code of what last
stood in its way. A carrier that can say what became of a message knows it by `carrier_id`; `receipt` is what it said,
and `receipt_due_at` when it is asked next.
"""

from sqlalchemy import JSON, Column, Index, Integer, MetaData, String, Table, text

from shared.database.types import Moment
from shared.directory.live import add_live_directory_table
from shared.messaging.tables import add_messaging_tables
from shared.privacy.erased import add_erased_table

metadata = MetaData()
add_live_directory_table(metadata)
add_messaging_tables(metadata)
add_erased_table(metadata)

_AWAITED = text("receipt_due_at IS NOT NULL")
_PENDING = text("status = 'pending'")

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("event_id", String(80), nullable=False),
    Column("correlation_id", String(80), nullable=False),
    Column("referral_id", String(80), nullable=False),
    Column("reference", String(11)),
    Column("template", String(40), nullable=False),
    Column("audience", String(20), nullable=False),
    Column("agency", String(80)),
    Column("link", String(300), nullable=False),
    Column("words", JSON, nullable=False),
    Column("status", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", String(80)),
    Column("channel", String(20)),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("claim", String(36)),
    Column("ended_at", Moment),
    Column("carrier_id", String(80)),
    Column("receipt", String(40)),
    Column("receipt_due_at", Moment),
    Index("deliveries_receipt", "receipt_due_at", sqlite_where=_AWAITED, postgresql_where=_AWAITED),
    Index("deliveries_due", "due_at", sqlite_where=_PENDING, postgresql_where=_PENDING),
    Index("deliveries_status", "status", "created_at", "id"),
    Index("deliveries_referral", "referral_id"),
)
