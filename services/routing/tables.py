"""What routing keeps: what it knows of each referral, the agencies' tasks and room, every move of a task, persons' rulings.

`open_agency` is a task's agency while the task is open, else null: so the database itself refuses a second open task of
one agency for one referral. `due` is what `services.routing.due` says, and null once a task is over; `worker_index` finds
a worker's tasks without reading who it is. `review` is why a referral waits for a person, and null unless it does. What
people wrote (notes, a worker's handle) is sealed under the key of its task, a ruling's reason under the master key.
`task_days` are counts of days that are over.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from shared.database.types import BigKey, Moment
from shared.directory.live import add_live_directory_table
from shared.http.idempotency import idempotency_table
from shared.http.keys import api_keys_table
from shared.messaging.tables import add_messaging_tables
from shared.privacy.erased import add_erased_table
from shared.web.people.tables import add_people_tables

metadata = MetaData()
IN_REVIEW = text("review IS NOT NULL")
NOT_OVER = text("due IS NOT NULL")
# The last column is not looked for: tasks are counted by the index alone, without their rows.
_BY_STATE = ("agency", "state", "due", "id", "requested_at")
_BY_WORKER = ("agency", "worker_index", "due", "id", "state")
RECALLED = text("state = 'cancelled' AND recall_acknowledged_at IS NULL")

idempotency = idempotency_table(metadata)

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
    Column("ended", String(20), nullable=False),
    Column("ended_sequence", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("duplicates", JSON, nullable=False),
    Column("ruling", JSON(none_as_null=True)),
    Column("decision", JSON),
    Column("review", String(40)),
    Column("changed_at", Moment, nullable=False),
    Index("referrals_review", "referral_id", sqlite_where=IN_REVIEW, postgresql_where=IN_REVIEW),
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
    Column("round", Integer, nullable=False),
    Column("capacity", String(20), nullable=False),
    Column("capacity_until", Date),
    Column("asked_sequence", Integer),
    Column("items", JSON, nullable=False),
    Column("worker", LargeBinary),
    Column("worker_index", String(64)),
    Column("due", Date),
    Column("ages", JSON, nullable=False),
    Index("tasks_open", "referral_id", "open_agency", unique=True),
    Index("tasks_page", "agency", "id"),
    Index("tasks_state_page", "agency", "state", "id"),
    Index("tasks_reference", "agency", "reference", "id"),
    Index("tasks_due", "agency", "due", "id", sqlite_where=NOT_OVER, postgresql_where=NOT_OVER),
    Index("tasks_state_due", *_BY_STATE, sqlite_where=NOT_OVER, postgresql_where=NOT_OVER),
    Index("tasks_worker", *_BY_WORKER, sqlite_where=NOT_OVER, postgresql_where=NOT_OVER),
    Index("tasks_recalled", "id", sqlite_where=RECALLED, postgresql_where=RECALLED),
)

task_keys = Table(
    "task_keys",
    metadata,
    Column("task_id", String(36), ForeignKey("tasks.id"), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

moves = Table(
    "moves",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("task_id", String(36), ForeignKey("tasks.id"), nullable=False, index=True),
    Column("agency", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Column("action", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("state", String(20), nullable=False),
    Column("next", String(20), nullable=False),
    Column("reason", String(40)),
    Column("note", LargeBinary),
    Index("moves_agency", "agency", "at"),
)

task_days = Table(
    "task_days",
    metadata,
    Column("agency", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("counts", JSON, nullable=False),
)

rulings = Table(
    "rulings",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("referral_id", String(80), ForeignKey("referrals.referral_id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("decision", String(20), nullable=False),
    Column("agency", String(80)),
    Column("reason", LargeBinary, nullable=False),
)

capacities = Table(
    "capacities",
    metadata,
    Column("agency", String(80), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("until", Date),
    Column("changed_at", Moment, nullable=False),
    Column("changed_by", String(80), nullable=False),
    Column("decide_again", Boolean, nullable=False),
)

api_keys = api_keys_table(metadata)
add_live_directory_table(metadata)
add_messaging_tables(metadata)
add_erased_table(metadata)
add_people_tables(metadata)
