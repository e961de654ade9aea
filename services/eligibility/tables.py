"""What eligibility keeps: every assessment with its receipts, one for each state of a referral's facts.

`facts_sequence` is the sequence of the event that brought the facts, so the newest assessment of a referral is the one
with the highest, in whatever order the events arrived.
"""

from sqlalchemy import JSON, Column, Integer, MetaData, String, Table

from shared.database.types import Moment
from shared.directory.live import add_live_directory_table
from shared.messaging.tables import add_messaging_tables
from shared.privacy.erased import add_erased_table

metadata = MetaData()

assessments = Table(
    "assessments",
    metadata,
    Column("referral_id", String(80), primary_key=True),
    Column("facts_sequence", Integer, primary_key=True),
    Column("directory_version", String(80), nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("assessed_at", Moment, nullable=False),
)

add_live_directory_table(metadata)
add_messaging_tables(metadata)
add_erased_table(metadata)
