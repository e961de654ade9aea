"""An agency's work as numbers: what is open, by state and by worker, and how long it has waited. No family is in it.

What came of it month by month stands in `outcomes`.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

from services.routing.domain.tasks import OPEN, REQUESTED, STATES
from services.routing.listing import counts_of
from services.routing.notes import workers_of
from services.routing.outcomes import outcomes
from services.routing.tables import tasks
from shared.clock import london_date
from shared.messaging.store import Store
from shared.privacy.keyring import Keyring

WAITED_DAYS: Final = ((0, 2), (3, 5), (6, 10), (11, 20), (21, None))
"""Whole days since the referral came, from and to."""


def workload(store: Store, agency: str) -> dict[str, Any]:
    """`schemas.WorkloadSchema`."""
    now = store.resources.clock.now()
    today = london_date(now)
    months = outcomes(store, agency)
    with store.reading() as connection:
        counts = counts_of(connection, agency, today)
        return {
            "as_of": now,
            "states": [{"state": state, "tasks": counts[f"state/{state}"]} for state in STATES if state in OPEN],
            "overdue": counts["overdue"],
            "due_today": counts["due"],
            "recalled": counts["recalled"],
            "workers": _workers(connection, store.resources.keyring, agency, today),
            "waiting": _waiting(connection, agency, now),
            "months": months,
        }


def _workers(connection: Connection, keyring: Keyring, agency: str, today: Any) -> list[dict[str, Any]]:
    """Who has how many open tasks, the most first; what nobody works on comes last, with null for who."""
    late = func.count().filter(tasks.c.due < today)
    query = (
        select(tasks.c.worker_index, func.count(), late, func.max(tasks.c.id))
        .where(tasks.c.agency == agency, tasks.c.due.is_not(None), tasks.c.state.in_(OPEN))
        .group_by(tasks.c.worker_index)
        .order_by(tasks.c.worker_index.is_(None), func.count().desc(), tasks.c.worker_index)
    )
    rows = connection.execute(query).all()
    newest = [row[3] for row in rows if row[0] is not None]
    known = connection.execute(select(tasks.c.id, tasks.c.worker).where(tasks.c.id.in_(newest))).mappings().all()
    names = workers_of(connection, keyring, known)
    return [
        {"worker": names.get(task_id) if index else None, "worker_id": index, "open": count, "overdue": overdue}
        for index, count, overdue, task_id in rows
    ]


def _waiting(connection: Connection, agency: str, now: datetime) -> list[dict[str, Any]]:
    """For how long the tasks that nobody has answered yet have waited."""
    came = tasks.c.requested_at
    ages = [
        and_(came <= now - timedelta(days=low), *([] if high is None else [came > now - timedelta(days=high + 1)]))
        for low, high in WAITED_DAYS
    ]
    query = select(*(func.count().filter(age) for age in ages)).where(
        tasks.c.agency == agency, tasks.c.state == REQUESTED, tasks.c.due.is_not(None)
    )
    found = connection.execute(query).one()
    return [
        {"from_days": low, "to_days": high, "tasks": count}
        for (low, high), count in zip(WAITED_DAYS, found, strict=True)
    ]
