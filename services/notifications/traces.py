"""What notifications knows of a referral's way beside its events: every message to people, and what became of it."""

from typing import Any

from sqlalchemy import Connection, select

from services.notifications.handlers import HANDLERS
from services.notifications.tables import deliveries
from shared.messaging.runtime import Runtime
from shared.messaging.traces import routes, told_columns

_TOLD = ("id", "event_id", "template", "audience", "agency", "channel", "status", "attempts", "problem", "receipt")
_TIMES = ("created_at", "due_at", "ended_at")


def known(connection: Connection, runtime: Runtime, referral_id: str) -> dict[str, Any]:
    """Messages in the order in which they came to be; no address is held here."""
    told = (deliveries.c[name] for name in (*_TOLD, *_TIMES))
    query = select(*told).where(deliveries.c.referral_id == referral_id).order_by(deliveries.c.created_at)
    return {"messages": told_columns(connection, query)}


ROUTES = routes(HANDLERS, known)
