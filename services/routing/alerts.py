"""What an agency should hear today of a family: nobody has been in touch, the way to be in touch or a detail has changed.

That nobody has been in touch stands with what is late, escalated at once, until the agency has moved its task since.
"""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, select

from services.routing.clock_tables import chases
from services.routing.clockwork import ESCALATED
from services.routing.domain.tasks import ACCEPTED, AGENCY, IN_PROGRESS, ON_HOLD, REQUESTED
from services.routing.tables import moves, tasks
from shared.clock import london_date
from shared.contracts.envelope import Event
from shared.contracts.routing import TaskAlerted
from shared.database.rows import insert_or
from shared.messaging.transaction import Transaction

NOT_CONTACTED, CONTACT_CHANGED, DETAILS_CHANGED = "not-contacted", "contact-changed", "details-changed"
_TOLD = {
    NOT_CONTACTED: (REQUESTED, ACCEPTED, IN_PROGRESS),
    CONTACT_CHANGED: (REQUESTED, ACCEPTED, IN_PROGRESS, ON_HOLD),
    # Whoever has not answered yet reads it then; whoever waits for details is told by being taken off hold.
    DETAILS_CHANGED: (ACCEPTED, IN_PROGRESS),
}
# Said again after the agency has moved, it stands anew.
_SAID = "(task_id, what, stage) DO UPDATE SET due = excluded.due, at = excluded.at"


def alert(transaction: Transaction, event: Event, what: str) -> None:
    """Tells every agency with an open task of the referral. A family hears nothing of a first contact that is not due yet."""
    today = london_date(event.time)
    wanted = (
        select(tasks).where(tasks.c.referral_id == event.subject, tasks.c.state.in_(_TOLD[what])).order_by(tasks.c.id)
    )
    found = [task for task in transaction.execute(wanted) if what != NOT_CONTACTED or task.contact_by < today]
    for task in found:
        _tell(transaction, event, task, what)
    if what == NOT_CONTACTED and found:
        rows = [_chase(task.id, task.contact_by, event) for task in found]
        insert_or(transaction.connection, chases, rows, _SAID, "task_id")


def not_answered() -> ColumnElement[bool]:
    """Of a task joined with its chase: whether the agency has not moved it since nobody was said to be in touch."""
    since = exists().where(moves.c.task_id == tasks.c.id, moves.c.role == AGENCY, moves.c.at > chases.c.at)
    return (chases.c.what == NOT_CONTACTED) & tasks.c.state.in_(_TOLD[NOT_CONTACTED]) & ~since


def _chase(task_id: str, due: date, event: Event) -> dict[str, Any]:
    return {"task_id": task_id, "what": NOT_CONTACTED, "stage": ESCALATED, "due": due, "at": event.time}


def _tell(transaction: Transaction, event: Event, task: Any, what: str) -> None:
    data = {
        "referral_id": task.referral_id,
        "reference": task.reference,
        "agency": task.agency,
        "task_id": task.id,
        "what": what,
    }
    for audience in (None, task.agency):
        transaction.publish(TaskAlerted, task.referral_id, data, cause=event, audience=audience)
