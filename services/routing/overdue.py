"""The clock beside the service, and what is late at this moment, for operations.

`GET /v1/overdue` on the management listener answers what agencies still owe, the longest due first; `escalated` says
what has been late for so long that a person should ask after it, or of whom a family hears nothing.
"""

from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy import func, or_, select

from services.routing.alerts import not_answered
from services.routing.clock_tables import chases
from services.routing.clockwork import DEBTS, ESCALATED, OVERDUE, chase
from services.routing.tables import tasks
from shared.http.management import Management
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store

MOST = 500
_LATE = chases.join(tasks, tasks.c.id == chases.c.task_id)


class ClockProvider(DependencyProvider):
    """Gives a service its clock: `self.clock.chase()`."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self._store = runtime.store
        self.management.add("GET", "/v1/overdue", lambda request: overdue(runtime.store))

    def chase(self) -> int:
        return chase(self._store)

    def get_dependency(self, worker_ctx: Any) -> "ClockProvider":
        return self


def overdue(store: Store) -> dict[str, Any]:
    """What was told to be late and still is: how much, how much of it escalated, and the first MOST, by due date."""
    query = (
        select(chases, tasks.c.referral_id, tasks.c.reference, tasks.c.agency)
        .select_from(_LATE)
        .where(_owed(), chases.c.stage.in_((OVERDUE, ESCALATED)))
        .order_by(chases.c.due, chases.c.task_id, chases.c.what, chases.c.stage.desc())
        .limit(2 * MOST)
    )
    with store.reading() as connection:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in connection.execute(query):
            item = found.setdefault((row.task_id, row.what), {"overdue_since": row.at, "escalated": False})
            item |= {
                name: getattr(row, name) for name in ("task_id", "referral_id", "reference", "agency", "what", "due")
            }
            item["escalated"] |= row.stage == ESCALATED
    items = list(found.values())[:MOST]
    return {**how_many_late(store), "items": items}


def how_many_late(store: Store) -> dict[str, int]:
    """How much is `overdue`, and how much of it `escalated`."""
    counted = select(chases.c.stage, func.count()).select_from(_LATE).where(_owed()).group_by(chases.c.stage)
    with store.reading() as connection:
        counts = {row[0]: row[1] for row in connection.execute(counted)}
    return {stage: counts.get(stage, 0) for stage in (OVERDUE, ESCALATED)}


def _owed() -> Any:
    return or_(not_answered(), *((chases.c.what == debt.what) & debt.owed for debt in DEBTS))
