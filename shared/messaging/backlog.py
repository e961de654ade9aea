"""Where every message of one service is: waiting, in flight, due for retry, parked, or unsent; how old the oldest is; and how
many came and went within the last minute.

Cheap enough to be asked every few seconds: nothing here counts more than is on its way. What waits because it is paused is
counted, and is not late.
"""

from datetime import datetime, timedelta
from typing import Any

import eventlet
from sqlalchemy import Connection, func, or_, select

from shared.messaging.parked import oldest_age
from shared.messaging.pauses import HELD, QUEUE
from shared.messaging.runtime import Runtime

LATELY = timedelta(minutes=1)
BROKER_WITHIN = 2.0


class Backlog:
    """One service's, as this process sees it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stands: tuple[datetime, Any] | None = None

    def counts(self) -> dict[str, Any]:
        """Counts, ages in seconds. `waiting` is null when the broker cannot be asked, and `broker` says so.

        `standing_seconds` is for how long messages have been in hand here while none was finished; null where none are.
        """
        runtime = self._runtime
        now = runtime.store.resources.clock.now()
        with runtime.store.reading() as connection:
            counts = _of_database(connection, runtime, now)
        try:
            with eventlet.Timeout(BROKER_WITHIN, ConnectionError("the broker did not answer")):
                depth = runtime.broker.depth(runtime.queue)
        except Exception as error:
            broker, waiting, consumers = type(error).__name__, None, None
        else:
            broker, waiting, consumers = "ok", depth.waiting, depth.consumers
        in_flight = runtime.metrics.in_flight
        standing = self._standing(in_flight, counts.pop("last_taken_at"), now)
        return {
            "service": runtime.service,
            "waiting": waiting,
            "consumers": consumers,
            "in_flight": in_flight,
            **counts,
            "standing_seconds": standing,
            "broker": broker,
            "database": "full" if runtime.store.database.is_full else "ok",
        }

    def _standing(self, in_flight: int, last_taken: Any, now: datetime) -> float | None:
        """Since when the same batch has been in hand: seen, not timed, so somebody has to look now and then."""
        if not in_flight:
            self._stands = None
        elif self._stands is None or last_taken not in (None, self._stands[1]):
            self._stands = (now, last_taken)
        return None if self._stands is None else oldest_age(self._stands[0], now)


def _of_database(connection: Connection, runtime: Runtime, now: datetime) -> dict[str, Any]:
    tables = runtime.store.metadata.tables
    outbox, inbox, failures, groups = (tables[name] for name in ("outbox", "inbox", "failures", "parked_groups"))

    def one(query: Any) -> Any:
        return connection.execute(query).scalar()

    unsent = outbox.c.sent_at.is_(None)
    since = func.min(failures.c.first_failed_at).filter(failures.c.error != HELD)
    retrying, retrying_since = connection.execute(
        select(func.count(), since).where(failures.c.due_at.is_not(None))
    ).one()
    held_back = sorted(runtime.store.pauses.agencies(QUEUE))
    late = unsent & or_(outbox.c.audience.is_(None), outbox.c.audience.not_in(held_back)) if held_back else unsent
    ages = {
        "due_for_retry": retrying_since,
        "parked": one(select(func.min(failures.c.parked_at)).where(failures.c.parked_at.is_not(None))),
        # Written in the order of their ids: the first is the oldest, and no other is looked at.
        "unsent": one(select(outbox.c.written_at).where(late).order_by(outbox.c.id).limit(1)),
    }
    lately = select(func.count(), func.max(inbox.c.taken_at)).where(inbox.c.taken_at >= now - LATELY)
    taken, last_taken = connection.execute(lately).one()
    return {
        "due_for_retry": retrying,
        "parked": int(one(select(func.coalesce(func.sum(groups.c.messages), 0)))),
        "unsent": one(select(func.count()).select_from(outbox).where(unsent)),
        "oldest_seconds": {name: oldest_age(since, now) for name, since in ages.items()},
        "in_last_minute": taken,
        "out_last_minute": one(select(func.count()).select_from(outbox).where(outbox.c.written_at >= now - LATELY)),
        "last_taken_at": last_taken,
    }
