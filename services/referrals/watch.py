"""What operations see of referrals: how many wait for a first answer and since when, and what happened to one, in codes.

On the management listener: `GET /v1/watch`, and `GET /v1/referrals/<id>/timeline`, which names nobody.
"""

from typing import Any

from sqlalchemy import func, select

from services.referrals.tables import referrals, timeline
from shared.http import problems
from shared.http.request import Request
from shared.messaging.runtime import Runtime

SCREENING = "screening"
MOST = 500


def watched(runtime: Runtime, request: Request | None = None) -> dict[str, Any]:
    """Referrals that no rule has looked at yet: how many, and for how many seconds the first of them has waited."""
    query = select(func.count(), func.min(referrals.c.received_at)).where(referrals.c.status == SCREENING)
    store = runtime.store
    with store.reading() as connection:
        count, since = connection.execute(query).one()
    age = None if since is None else max(0.0, (store.resources.clock.now() - since).total_seconds())
    return {"screening": {"count": count, "oldest_seconds": age}}


def timeline_of(runtime: Runtime, request: Request, referral_id: str) -> dict[str, Any]:
    """What happened to a referral, the oldest first, at most MOST entries; raises a 404 problem."""
    entries = select(timeline).where(timeline.c.referral_id == referral_id).order_by(timeline.c.at, timeline.c.id)
    with runtime.store.reading() as connection:
        row = connection.execute(
            select(referrals.c.reference, referrals.c.status, referrals.c.received_at).where(
                referrals.c.id == referral_id
            )
        ).first()
        if row is None:
            raise problems.not_found()
        found = connection.execute(entries.limit(MOST)).all()
    return {
        "reference": row.reference,
        "status": row.status,
        "received_at": row.received_at,
        "items": [
            {"at": entry.at, "type": entry.type, "detail": entry.detail, "event_id": entry.event_id} for entry in found
        ],
    }


ROUTES = (
    ("GET", "/v1/watch", watched),
    ("GET", "/v1/referrals/<referral_id>/timeline", timeline_of),
)
