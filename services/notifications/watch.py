"""What operations see of messages to people, on the management listener as `GET /v1/watch`: what is delayed and why, what
failed for good within the last day, and how many wait.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from services.notifications.domain import FAILED, PENDING
from services.notifications.tables import deliveries
from shared.http.request import Request
from shared.messaging.parked import oldest_age
from shared.messaging.runtime import Runtime

LATELY = timedelta(days=1)


def watched(runtime: Runtime, request: Request | None = None) -> dict[str, Any]:
    """Counts and ages in seconds; `delayed` by the code of what stands in the way, the most first."""
    store = runtime.store
    now = store.resources.clock.now()
    tried = deliveries.c.problem.is_not(None)
    delayed = (
        select(deliveries.c.problem, func.count(), func.min(deliveries.c.created_at))
        .where(deliveries.c.status == PENDING, tried)
        .group_by(deliveries.c.problem)
        .order_by(func.count().desc())
    )
    failed = select(func.count(), func.max(deliveries.c.created_at)).where(
        deliveries.c.status == FAILED, deliveries.c.created_at >= now - LATELY
    )
    pending = select(func.count(), func.min(deliveries.c.created_at)).where(deliveries.c.status == PENDING)
    with store.reading() as connection:
        found = [
            {"problem": problem, "count": count, "oldest_seconds": oldest_age(since, now)}
            for problem, count, since in connection.execute(delayed)
        ]
        failed_count, failed_last = connection.execute(failed).one()
        pending_count, pending_since = connection.execute(pending).one()
    return {
        "messages": {"count": pending_count, "oldest_seconds": oldest_age(pending_since, now)},
        "delayed": found,
        "failed_lately": {"count": failed_count, "newest_seconds": oldest_age(failed_last, now)},
    }


ROUTES = (("GET", "/v1/watch", watched),)
