"""What the referrals service keeps. What is about a person is sealed under the referral's own key; the rest is codes.

`referrals`      one row each: reference, owner, state, and `facts`, which are as thin as the event that carries them;
                 `clock_due_at` is when time alone next does something to it.
`referral_keys`  the key of each referral, wrapped. Without its row, what was sealed for the referral is gone.
`children`       one row each; `blind_index` finds the same names and date of birth again, and cannot say them.
`consents`       append-only: the newest row is what is in force.
`timeline`       what happened, as codes.
`assessments`    what the rules said, with receipts; the one of the newest facts counts.
`access_codes`   who asked for a code, by a blind index of the reference that was typed; the code itself stands nowhere.
`passes`         what a code opened: one referral, for one who follows it, by the hash of a secret.
`drafts`         forms that are not yet sent, sealed, by the hash of a secret that the browser keeps; at most for 30 days.
                 Of one that was sent only the referral's id is left.
`looks`          who was shown personal data or was refused it, when, for what, which parts.
"""

from sqlalchemy import JSON, Column, Date, Index, Integer, LargeBinary, MetaData, String, Table, text

from shared.database.types import BigKey, Moment
from shared.directory.live import add_live_directory_table
from shared.http.idempotency import idempotency_table
from shared.http.keys import api_keys_table
from shared.messaging.tables import add_messaging_tables
from shared.privacy.erased import add_erased_table

metadata = MetaData()
CLOCKED = text("clock_due_at IS NOT NULL")
SCREENING = text("status = 'screening'")

# First, so that a key that is used again stops a transaction before anything else is written.
idempotency = idempotency_table(metadata)
api_keys = api_keys_table(metadata)

referrals = Table(
    "referrals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(11), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("status", String(40), nullable=False),
    Column("referrer_type", String(40), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("tracking_hash", LargeBinary(32), nullable=False, unique=True),
    Column("decided_sequence", Integer, nullable=False),
    Column("awaiting_since", Moment),
    Column("clock_due_at", Moment),
    Index("referrals_owner", "owner", "id"),
    Index("referrals_owner_status", "owner", "status", "id"),
    Index("referrals_clock", "clock_due_at", sqlite_where=CLOCKED, postgresql_where=CLOCKED),
    Index("referrals_screening", "received_at", sqlite_where=SCREENING, postgresql_where=SCREENING),
)

referral_keys = Table(
    "referral_keys",
    metadata,
    Column("referral_id", String(36), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

children = Table(
    "children",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("referral_id", String(36), nullable=False),
    Column("position", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("blind_index", String(64), nullable=False),
    Index("children_referral", "referral_id"),
    Index("children_blind_index", "blind_index"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("referral_id", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("scope", JSON, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", String(100), nullable=False),
    Column("given_at", Moment),
    Column("given_by", String(60)),
    Column("method", String(20)),
    Column("wording_version", String(40)),
    Column("child_view", String(20)),
    Column("expires_on", Date),
    Column("sealed", LargeBinary),
    Index("consents_referral", "referral_id", "id"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("referral_id", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Column("type", String(80), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("event_id", String(80), nullable=False, unique=True),
    Index("timeline_referral", "referral_id", "at"),
)

assessments = Table(
    "assessments",
    metadata,
    Column("event_id", String(80), primary_key=True),
    Column("referral_id", String(80), nullable=False),
    Column("facts_sequence", Integer, nullable=False),
    Column("directory_version", String(80), nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("assessed_at", Moment, nullable=False),
    Index("assessments_referral", "referral_id", "facts_sequence"),
)

looks = Table(
    "looks",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("referral_id", String(36), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(100), nullable=False),
    Column("purpose", String(80), nullable=False),
    Column("agency", String(80)),
    Column("task_id", String(80)),
    Column("outcome", String(80), nullable=False),
    Column("parts", JSON(none_as_null=True)),
    Index("looks_referral", "referral_id", "at"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    Column("sealed", LargeBinary),
    Column("version", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("referral_id", String(36)),
    Index("drafts_expires", "expires_at"),
)

access_codes = Table(
    "access_codes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("who", String(64), nullable=False),
    Column("referral_id", String(36)),
    Column("role", String(20), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", Moment),
    Index("access_codes_who", "who", "asked_at"),
    Index("access_codes_asked", "asked_at"),
)

passes = Table(
    "passes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("referral_id", String(36), nullable=False),
    Column("role", String(20), nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Index("passes_referral", "referral_id"),
    Index("passes_ends", "ends_at"),
)

add_live_directory_table(metadata)
add_messaging_tables(metadata)
add_erased_table(metadata)
