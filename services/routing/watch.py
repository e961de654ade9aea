"""What operations see of agencies and of what waits for a person, on the management listener as `GET /v1/watch`.

For each agency: its tasks, what it owes, what is under way to it by each of its channels, and how much came and went within
the last minute. Counts and ages in seconds; nothing about a family.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import eventlet
from sqlalchemy import Connection, func, select

from services.routing.domain.tasks import AGENCY
from services.routing.tables import NOT_OVER, RECALLED, metadata, moves, referrals, tasks
from services.routing.webhooks.tables import deliveries, webhooks
from shared.contracts.envelope import REHEARSAL
from shared.http.request import Request
from shared.messaging.agency_queues import agency_queue
from shared.messaging.backlog import BROKER_WITHIN
from shared.messaging.parked import oldest_age
from shared.messaging.runtime import Runtime

LATELY, A_DAY = timedelta(minutes=1), timedelta(days=1)
_OUTBOX = metadata.tables["outbox"]


def watched(runtime: Runtime, request: Request | None = None) -> dict[str, Any]:
    """What waits for people here, and every agency of the directory."""
    store, resources = runtime.store, runtime.resources
    now = resources.clock.now()
    with store.reading() as connection:
        reviews = connection.execute(
            select(func.count(), func.min(referrals.c.changed_at)).where(referrals.c.review.is_not(None))
        ).one()
        recalls = connection.execute(
            select(func.count(), func.min(tasks.c.changed_at)).where(
                RECALLED, ~tasks.c.referral_id.startswith(REHEARSAL)
            )
        ).one()
        found = _Counts(connection, now)
    agencies = resources.directory.agencies
    queued = [agency.id for agency in agencies if "queue" in agency.channels]
    queues = dict(zip(queued, eventlet.GreenPool().imap(lambda agency: _queue(runtime, agency), queued), strict=True))
    return {
        "reviews": {"count": reviews[0], "oldest_seconds": oldest_age(reviews[1], now)},
        "recalls": {"count": recalls[0], "oldest_seconds": oldest_age(recalls[1], now)},
        "agencies": [
            {
                "agency": agency.id,
                "name": agency.name,
                **found.of(agency.id, now),
                "queue": queues.get(agency.id),
            }
            for agency in agencies
        ],
    }


class _Counts:
    """A few questions to the database, each for all agencies at once."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        since = now - LATELY
        self._states: defaultdict[str, Counter[str]] = defaultdict(Counter)
        open_ones = select(tasks.c.agency, tasks.c.state, func.count()).where(NOT_OVER)
        for agency, state, count in connection.execute(open_ones.group_by(tasks.c.agency, tasks.c.state)):
            self._states[agency][state] = count
        unsent = (
            select(_OUTBOX.c.audience, func.count(), func.min(_OUTBOX.c.written_at))
            .where(_OUTBOX.c.sent_at.is_(None), _OUTBOX.c.audience.is_not(None))
            .group_by(_OUTBOX.c.audience)
        )
        self._unsent = {agency: (count, first) for agency, count, first in connection.execute(unsent)}
        out = select(_OUTBOX.c.audience, func.count()).where(
            _OUTBOX.c.written_at >= since, _OUTBOX.c.audience.is_not(None)
        )
        self._out = _pairs(connection, out.group_by(_OUTBOX.c.audience))
        answers = select(moves.c.agency, func.count()).where(moves.c.at >= since, moves.c.role == AGENCY)
        self._in = _pairs(connection, answers.group_by(moves.c.agency))
        self._webhooks = _webhooks(connection, now)

    def of(self, agency: str, now: datetime) -> dict[str, Any]:
        unsent, first = self._unsent.get(agency, (0, None))
        return {
            "requested": self._states[agency]["requested"],
            "open": self._states[agency].total(),
            "unsent": unsent,
            "oldest_unsent_seconds": oldest_age(first, now),
            "out_last_minute": self._out.get(agency, 0),
            "in_last_minute": self._in.get(agency, 0),
            "webhooks": self._webhooks.get(agency, []),
        }


def _webhooks(connection: Connection, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Each endpoint: its state, what waits for another try and since when, and what was given up within the last day."""
    kept = (
        select(
            deliveries.c.webhook_id,
            func.count().filter(deliveries.c.given_up_at.is_(None)).label("waiting"),
            func.min(deliveries.c.first_failed_at).filter(deliveries.c.given_up_at.is_(None)).label("since"),
            func.count().filter(deliveries.c.given_up_at >= now - A_DAY).label("given_up_lately"),
        )
        .group_by(deliveries.c.webhook_id)
        .subquery()
    )
    query = select(webhooks, kept.c.waiting, kept.c.since, kept.c.given_up_lately).outerjoin(
        kept, kept.c.webhook_id == webhooks.c.id
    )
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(query.order_by(webhooks.c.agency, webhooks.c.id)):
        found[row.agency].append(
            {
                "id": row.id,
                "state": row.state,
                "waiting": row.waiting or 0,
                "given_up_lately": row.given_up_lately or 0,
                "problem": row.last_problem,
                "oldest_seconds": oldest_age(row.since, now),
            }
        )
    return found


def _pairs(connection: Connection, query: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _queue(runtime: Runtime, agency: str) -> dict[str, Any] | None:
    """What waits in the agency's own queue and who listens; None where the broker has none, or is away."""
    if runtime.resources.settings.broker.startswith("memory:"):
        return None
    try:
        with eventlet.Timeout(BROKER_WITHIN, ConnectionError("the broker did not answer")):
            depth = runtime.broker.depth(agency_queue(runtime.resources, agency))
    except Exception:
        return None
    return {"waiting": depth.waiting, "consumers": depth.consumers}


ROUTES = (("GET", "/v1/watch", watched),)
