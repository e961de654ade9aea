"""Where every message of one service is: waiting, in flight, due for retry, parked, or unsent; and how old the oldest is."""

from typing import Any

from sqlalchemy import func, select

from shared.messaging.parked import oldest_age
from shared.messaging.runtime import Runtime


def backlog(runtime: Runtime) -> dict[str, Any]:
    """Counts of one service, ages in seconds. `waiting` is null when the broker cannot be asked, and `broker` says so."""
    store = runtime.store
    outbox, failures = store.metadata.tables["outbox"], store.metadata.tables["failures"]
    now = store.resources.clock.now()
    with store.reading() as connection:
        unsent, unsent_since = connection.execute(
            select(func.count(), func.min(outbox.c.written_at)).where(outbox.c.sent_at.is_(None))
        ).one()
        retrying, retrying_since = connection.execute(
            select(func.count(), func.min(failures.c.first_failed_at)).where(failures.c.due_at.is_not(None))
        ).one()
        parked, parked_since = connection.execute(
            select(func.count(), func.min(failures.c.first_failed_at)).where(failures.c.parked_at.is_not(None))
        ).one()
    try:
        depth = runtime.broker.depth(runtime.queue)
    except Exception as error:
        broker, waiting, consumers = type(error).__name__, None, None
    else:
        broker, waiting, consumers = "ok", depth.waiting, depth.consumers
    return {
        "service": runtime.service,
        "waiting": waiting,
        "consumers": consumers,
        "in_flight": int(runtime.metrics.in_flight._value.get()),
        "due_for_retry": retrying,
        "parked": parked,
        "unsent": unsent,
        "oldest_seconds": {
            "due_for_retry": oldest_age(retrying_since, now),
            "parked": oldest_age(parked_since, now),
            "unsent": oldest_age(unsent_since, now),
        },
        "broker": broker,
    }
