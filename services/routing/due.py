"""What an agency owes next, and by when: kept in the task's row, so that lists find it by an index.

`due` is the day by which the agency is to do something: see the task, answer, reach the family, confirm a recall. An open
task that owes nothing has a day beyond all others, and so comes last in every order; one that is over has none.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from services.routing.domain.tasks import ACCEPTED, CANCELLED, OPEN, REQUESTED
from services.routing.tables import tasks
from shared.clock import london_date
from shared.working_days import add_working_days

NOTHING_OWED: Final = date.max
RECALL_DAYS = 1
"""Working days within which an agency confirms that it has stopped."""

ACKNOWLEDGE, DECIDE, CONTACT, RECALL = OWED = ("acknowledge", "decide", "contact", "recall")
_WHAT = {ACCEPTED: CONTACT, CANCELLED: RECALL}


def due_in(state: str, now: datetime) -> Any:
    """The value of the column `due` for a task that has just been moved into a state: a day, a column or None."""
    if state == REQUESTED:
        return tasks.c.decide_by
    if state == ACCEPTED:
        return tasks.c.contact_by
    if state == CANCELLED:
        return add_working_days(london_date(now), RECALL_DAYS)
    return NOTHING_OWED if state in OPEN else None


def owed(row: Mapping[Any, Any]) -> dict[str, Any]:
    """`due`, the day, and `owes`, what by then; each None where nothing is owed."""
    due = row["due"]
    if due in (None, NOTHING_OWED):
        return {"due": None, "owes": None}
    if row["state"] == REQUESTED:
        return {"due": due, "owes": ACKNOWLEDGE if due < row["decide_by"] else DECIDE}
    return {"due": due, "owes": _WHAT.get(row["state"])}
