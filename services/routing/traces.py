"""What routing knows of a referral's way beside its events: tasks and their moves, reads, rulings, and webhooks."""

from typing import Any

from sqlalchemy import Connection, Select, select

from services.routing.clock_tables import chases, reads
from services.routing.handlers import HANDLERS
from services.routing.tables import metadata, moves, referrals, rulings, tasks
from services.routing.webhooks.tables import deliveries, webhooks
from shared.messaging.runtime import Runtime
from shared.messaging.traces import routes, told_columns

_outbox = metadata.tables["outbox"]
_OF_TASK = ("id", "agency", "state", "reason", "requested_at", "acknowledge_by", "decide_by", "recall_acknowledged_at")
_OF_MOVE = ("task_id", "agency", "at", "action", "role", "actor", "state", "next", "reason")
_FAILED = ("attempts", "problem", "first_failed_at", "due_at", "given_up_at")


def known(connection: Connection, runtime: Runtime, referral_id: str) -> dict[str, Any]:
    """`review` is what a person is waited for; `agencies` are names by id, and which of them have a queue of their own."""
    directory = runtime.resources.directory
    review = select(referrals.c.review, referrals.c.changed_at).where(referrals.c.referral_id == referral_id)
    waits = [row for row in told_columns(connection, review) if row["review"]]
    ruled = select(rulings.c.at, rulings.c.actor, rulings.c.decision, rulings.c.agency)
    of_tasks = tasks.c.referral_id == referral_id
    return {
        "agencies": {each.id: each.name for each in directory.agencies},
        "queued": [each.id for each in directory.agencies if "queue" in each.channels],
        "review": waits[0] if waits else None,
        "tasks": told_columns(connection, _named(tasks, _OF_TASK).where(of_tasks).order_by(tasks.c.id)),
        "moves": told_columns(connection, _named(moves, _OF_MOVE).join(tasks).where(of_tasks).order_by(moves.c.id)),
        "reads": told_columns(
            connection,
            select(reads.c.at, reads.c.task_id, tasks.c.agency).select_from(reads).join(tasks).where(of_tasks),
        ),
        "chases": told_columns(
            connection,
            select(chases.c.at, chases.c.task_id, chases.c.what, chases.c.stage, tasks.c.agency)
            .select_from(chases)
            .join(tasks)
            .where(of_tasks)
            .order_by(chases.c.at),
        ),
        "rulings": told_columns(connection, ruled.where(rulings.c.referral_id == referral_id).order_by(rulings.c.id)),
        "webhooks": _webhooks(connection, referral_id),
    }


def _webhooks(connection: Connection, referral_id: str) -> list[dict[str, Any]]:
    """Each event for each endpoint of its agency that was there already. Of one that was delivered no time is kept."""
    kept = (deliveries.c.webhook_id == webhooks.c.id) & (deliveries.c.position == _outbox.c.position)
    query = (
        select(
            _outbox.c.event_id,
            webhooks.c.id.label("webhook_id"),
            webhooks.c.state,
            (_outbox.c.position <= webhooks.c.after).label("passed"),
            *(deliveries.c[name] for name in _FAILED),
        )
        .select_from(_outbox.join(webhooks, webhooks.c.agency == _outbox.c.audience).outerjoin(deliveries, kept))
        .where(_outbox.c.subject == referral_id, _outbox.c.position.is_not(None))
        .where(webhooks.c.created_at <= _outbox.c.sent_at)
        .order_by(_outbox.c.position, webhooks.c.id)
    )
    return told_columns(connection, query)


def _named(table: Any, names: tuple[str, ...]) -> Select[Any]:
    return select(*(table.c[name] for name in names))


ROUTES = routes(HANDLERS, known)
