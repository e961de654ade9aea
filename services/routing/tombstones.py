"""What an agency may still be told of the past: of a task that was recalled, or a family whose agreement has ended, nothing.

The envelope stays, with its id, type, time and sequence, so that cursors and counts hold; in place of its data it has the
ids of referral and task, and `tombstone`. A recall and what is asked about it are told as they were: that the agency
must stop, and by when it was to say so, tells nothing of the family.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from services.routing.domain.knowledge import CONSULTATION
from services.routing.domain.tasks import CANCELLED
from services.routing.tables import referrals, tasks
from shared.contracts.routing import TaskDue, TaskOverdue, TaskRecallAcknowledged, TaskRecalled

SCHEMA = "urn:waypost:schema:tombstone.v1"
_TELL_NOTHING = {event.type() for event in (TaskRecalled, TaskRecallAcknowledged, TaskDue, TaskOverdue)}
_FOR_GOOD = ("withdrawn", "entered-in-error", "erased")


def shown(connection: Connection, agency: str, rows: Sequence[Any]) -> list[tuple[int, bytes]]:
    """Position and envelope of each of the agency's rows of the outbox, as it may see them now.

    A row has `position`, `type`, `subject` and `body`.
    """
    subjects = {row.subject for row in rows if row.type not in _TELL_NOTHING}
    if not subjects:
        return [(row.position, bytes(row.body)) for row in rows]
    ended, recalled = _uncovered(connection, agency, subjects), _recalled(connection, agency, subjects)
    return [(row.position, _shown(row, ended, recalled)) for row in rows]


def _shown(row: Any, ended: set[str], recalled: dict[str, str]) -> bytes:
    body = bytes(row.body)
    if row.type in _TELL_NOTHING or (row.subject not in ended and row.subject not in recalled.values()):
        return body
    envelope = orjson.loads(body)
    task_id = envelope["data"].get("task_id")
    if row.subject not in ended and task_id not in recalled:
        return body
    data = {"referral_id": row.subject, "task_id": task_id, "tombstone": True}
    return orjson.dumps(envelope | {"dataschema": SCHEMA, "data": data})


def _uncovered(connection: Connection, agency: str, subjects: Iterable[str]) -> set[str]:
    """The referrals of which this agency is to know no more, whatever became of its task."""
    query = select(referrals.c.referral_id, referrals.c.kind, referrals.c.scope, referrals.c.ended)
    return {
        row.referral_id
        for row in connection.execute(query.where(referrals.c.referral_id.in_(subjects)))
        if row.ended in _FOR_GOOD or (row.kind != CONSULTATION and agency not in row.scope)
    }


def _recalled(connection: Connection, agency: str, subjects: Iterable[str]) -> dict[str, str]:
    """The agency's recalled tasks, each with its referral."""
    query = select(tasks.c.id, tasks.c.referral_id).where(
        tasks.c.referral_id.in_(subjects), tasks.c.agency == agency, tasks.c.state == CANCELLED
    )
    return {row.id: row.referral_id for row in connection.execute(query)}
