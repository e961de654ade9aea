"""What routing keeps: what it knows of each referral, the agencies' tasks, every move of a task, the agencies' keys.

`open_agency` is a task's agency while the task is open, else null: so the database itself refuses a second open task of
one agency for one referral.
"""

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, MetaData, String, Table

from shared.database.types import BigKey, Moment
from shared.http.keys import api_keys_table
from shared.messaging.tables import add_messaging_tables

metadata = MetaData()

referrals = Table(
    "referrals",
    metadata,
    Column("referral_id", String(80), primary_key=True),
    Column("reference", String(20), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("chosen", JSON, nullable=False),
    Column("facts_sequence", Integer, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("scope_sequence", Integer, nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("assessed_sequence", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("decision", JSON),
    Column("changed_at", Moment, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("referral_id", String(80), ForeignKey("referrals.referral_id"), nullable=False),
    Column("reference", String(20), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("agency", String(80), nullable=False),
    Column("open_agency", String(80)),
    Column("state", String(20), nullable=False),
    Column("held_from", String(20)),
    Column("reason", String(40)),
    Column("children", JSON, nullable=False),
    Column("receipt", JSON, nullable=False),
    Column("acknowledge_by", Date, nullable=False),
    Column("decide_by", Date, nullable=False),
    Column("contact_by", Date, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("recall_acknowledged_at", Moment),
    Index("tasks_open", "referral_id", "open_agency", unique=True),
    Index("tasks_page", "agency", "id"),
    Index("tasks_state_page", "agency", "state", "id"),
)

moves = Table(
    "moves",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("task_id", String(36), ForeignKey("tasks.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("action", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("state", String(20), nullable=False),
    Column("next", String(20), nullable=False),
    Column("reason", String(40)),
)

api_keys = api_keys_table(metadata)
add_messaging_tables(metadata)
