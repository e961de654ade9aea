"""Routing with a requested task, and a clock that is wound: `office.at(25)` is nine in the morning of that day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from services.routing.clockwork import chase
from services.routing.handlers import HANDLERS
from services.routing.overdue import overdue
from services.routing.service import RoutingService
from services.routing.tables import tasks
from shared.contracts.eligibility import EligibilityAssessed
from tests.support.deciding import Family, Part
from tests.support.pairs import Pair

AGENCY = "families-apart"
FRIDAY = 20
START = datetime(2026, 11, FRIDAY, 10, tzinfo=UTC)
"""When the tasks of these tests are requested."""


def assessed(family: Family) -> bytes:
    """The rules say that the agency can take the family."""
    outcome = {"agency": AGENCY, "outcome": "eligible", "children": {}, "missing": [], "receipt": {}}
    data = {"facts_sequence": 1, "directory_version": "made-up", "outcomes": [outcome]}
    return family._event(EligibilityAssessed, data)


class Office:
    """Routing with one requested task, and a clock that is walked forward minute by minute where it matters."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.part = Part(pair, folder, RoutingService, HANDLERS)
        self.store = self.part.runtime.store

    def request(self) -> str:
        family = Family()
        self.part.take(family.submitted(consent=[AGENCY]), assessed(family))
        self.family = family
        (task,) = self.part.rows("tasks", referral_id=family.id)
        return str(task["id"])

    def at(self, day: int, hour: int = 9, month: int = 11) -> int:
        """Winds the clock to a moment and lets it chase; answers how much it did."""
        self.part.clock.moment = datetime(2026, month, day, hour, tzinfo=UTC)
        return chase(self.store)

    def walk(self, days: int) -> list[tuple[str, str, str]]:
        """Four looks at each of so many days from FRIDAY on; answers what was said: the day, the fact, what is owed."""
        for day in range(FRIDAY, FRIDAY + days):
            for hour in (7, 8, 12, 22):
                self.part.clock.moment = max(START, datetime(2026, 11, 1, hour, tzinfo=UTC) + timedelta(days=day - 1))
                chase(self.store)
        return self.said()

    def said(self, audience: str | None = None) -> list[tuple[str, str, str]]:
        return [
            (event.time.strftime("%a %d"), event.type.split(".")[-2], event.data["what"])
            for event in self.part.told(self.family.id, audience)
            if event.type.split(".")[-2] in ("due", "overdue")
        ]

    def put(self, task_id: str, **values: Any) -> None:
        with self.store.writing() as transaction:
            transaction.execute(update(tasks).where(tasks.c.id == task_id).values(**values))

    def late(self) -> dict[str, Any]:
        return overdue(self.store)
