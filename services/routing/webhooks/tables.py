"""What routing keeps of webhooks: the endpoints, and the deliveries that are not done. A delivery that succeeds leaves no row.

`after` is an endpoint's cursor: every event of its agency up to that position was delivered or has a row in
`webhook_deliveries`. `holder` and `held_until` are the lease of the process that sends. `generation` counts what was asked
over HTTP and changes where sending stands: who sent by an older one may not write any more.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from services.routing.tables import metadata
from shared.database.types import Moment

LONGEST_URL = 1000
ENABLED, FAILING, DISABLED = "enabled", "failing", "disabled"
STATES = (ENABLED, FAILING, DISABLED)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("agency", String(80), nullable=False),
    Column("url", String(LONGEST_URL), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("old_secret", LargeBinary),
    Column("old_secret_until", Moment),
    Column("state", String(20), nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("paused_until", Moment),
    Column("delivered", BigInteger, nullable=False),
    Column("failed_attempts", BigInteger, nullable=False),
    Column("given_up", BigInteger, nullable=False),
    Column("last_delivered_at", Moment),
    Column("last_failed_at", Moment),
    Column("last_problem", String(40)),
    Column("created_at", Moment, nullable=False),
    Column("holder", String(36)),
    Column("held_until", Moment),
    Index("webhooks_address", "agency", "url", unique=True),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("webhook_id", String(36), ForeignKey("webhooks.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", String(80), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", String(40)),
    Column("first_failed_at", Moment),
    Column("due_at", Moment),
    Column("given_up_at", Moment),
)
