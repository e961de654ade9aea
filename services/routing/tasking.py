"""What happens to a task: it is requested, renewed, moved, cancelled; each move leaves a row of `moves` and is told.

The caller holds the referral's row (`memory.recall`), so a task is moved by one at a time. What the services hear of a
move the task's agency hears too, as its own copy, so that its systems stay in step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from services.routing.capacity import OPEN_TO_ALL, Capacity
from services.routing.domain import Known, Outcome, Task, WrongMove, move
from services.routing.domain.ages import ages_of
from services.routing.domain.planning import outcome_for
from services.routing.domain.tasks import CANCELLED, NEW, ON_HOLD, OPEN, REQUESTED, SYSTEM
from services.routing.due import due_in
from services.routing.tables import moves, tasks
from shared.clock import london_date
from shared.contracts.envelope import Event, EventSchema
from shared.contracts.routing import (
    InformationRequested,
    ReferralRouted,
    TaskAccepted,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TaskHeld,
    TaskRecallAcknowledged,
    TaskRecalled,
    TaskRejected,
    TaskResumed,
    TaskStarted,
)
from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.working_days import add_working_days

TOLD: Mapping[str, type[EventSchema]] = {
    "accept": TaskAccepted,
    "reject": TaskRejected,
    "hold": TaskHeld,
    "request-information": TaskHeld,
    "resume": TaskResumed,
    "start": TaskStarted,
    "complete": TaskCompleted,
    "fail": TaskFailed,
    "acknowledge-recall": TaskRecallAcknowledged,
}
ACTOR = "waypost"
NOT_OF_THE_STATE = ("assign", "note", "acknowledge-recall")


@dataclass(frozen=True)
class Step:
    """One move of a task: what, where to, by whom and why; `note` is sealed."""

    action: str
    next: str
    role: str
    actor: str
    reason: str | None = None
    note: bytes | None = None


def request_task(
    transaction: Transaction,
    cause: Event | None,
    referral_id: str,
    known: Known,
    agency: str,
    capacity: Capacity = OPEN_TO_ALL,
    first: bool = False,
) -> None:
    """Asks an agency to take a referral: its task, and `referral.routed` to the services and to the agency.

    `first` as in `Transaction.publish`.
    """
    outcome = outcome_for(known, agency)
    terms = transaction.resources.directory.agency(agency)
    today = london_date(transaction.now)
    task_id = new_id()
    due = {
        "acknowledge_by": add_working_days(today, terms.acknowledge_days),
        "decide_by": add_working_days(today, terms.decide_days),
        "contact_by": add_working_days(today, terms.first_contact_days),
    }
    about = {"referral_id": referral_id, "reference": known.reference, "kind": known.kind, "agency": agency}
    room = {"capacity": capacity.state, "capacity_until": capacity.until}
    transaction.insert(
        tasks,
        **about,
        **due,
        **room,
        id=task_id,
        open_agency=agency,
        state=REQUESTED,
        children=list(outcome.children),
        receipt=outcome.receipt,
        ages=ages_of(outcome.receipt, outcome.children),
        due=due["acknowledge_by"],
        requested_at=transaction.now,
        changed_at=transaction.now,
        round=known.round,
        items=[],
    )
    _note(transaction, task_id, agency, NEW, Step("request", REQUESTED, SYSTEM, ACTOR))
    data = {
        **about,
        **due,
        **room,
        "task_id": task_id,
        "children": list(outcome.children),
        "link": _link_to(transaction, task_id),
    }
    for audience in (None, agency):
        transaction.publish(ReferralRouted, referral_id, data, cause=cause, audience=audience, first=first)


def renew_task(transaction: Transaction, task_id: str, outcome: Outcome) -> None:
    """The facts changed and so did the children that the agency can take; the agency sees it at the task."""
    transaction.execute(
        update(tasks)
        .where(tasks.c.id == task_id)
        .values(
            children=list(outcome.children),
            receipt=outcome.receipt,
            ages=ages_of(outcome.receipt, outcome.children),
            changed_at=transaction.now,
        )
    )


def move_task(
    transaction: Transaction, cause: Event | None, referral_id: str, task: Task, step: Step, **more: Any
) -> None:
    """Makes a move that the table allows: the task's row (`more` are other columns of it), its history, and who hears."""
    values = more if step.action in NOT_OF_THE_STATE else _place(task, step, transaction.now) | more
    if values:
        transaction.execute(update(tasks).where(tasks.c.id == task.id, tasks.c.state == task.state).values(**values))
    _note(transaction, task.id, task.agency, task.state, step)
    schema = TOLD.get(step.action)
    if schema is not None:
        data = {
            "referral_id": referral_id,
            "agency": task.agency,
            "task_id": task.id,
            "state": step.next,
            "reason": step.reason,
        }
        for audience in (None, task.agency):
            transaction.publish(schema, referral_id, data, cause=cause, audience=audience)


def resume_task(transaction: Transaction, cause: Event | None, referral_id: str, task: Task) -> None:
    """The referrer has answered: the task goes on where it was when its agency asked."""
    following = move(task.state, "resume", SYSTEM, None, task.held_from)
    if isinstance(following, WrongMove):
        raise ValueError("Only a task on hold is resumed.")
    move_task(transaction, cause, referral_id, task, Step("resume", following, SYSTEM, ACTOR))


def ask_referrer(transaction: Transaction, cause: Event | None, referral_id: str, task: Task) -> None:
    """`information.requested` for an agency: what its task waits for."""
    items = transaction.execute(select(tasks.c["items"]).where(tasks.c.id == task.id)).scalar_one()
    data = {"referral_id": referral_id, "items": items, "agencies": [task.agency], "task_id": task.id}
    transaction.publish(InformationRequested, referral_id, data, cause=cause)


def cancel_task(transaction: Transaction, cause: Event | None, referral_id: str, task: Task, reason: str) -> None:
    """Ends an open task: `task.cancelled` to the services, and to the agency `task.recalled`, which it must acknowledge.

    Raises ValueError for a task that is not open.
    """
    following = move(task.state, "cancel", SYSTEM, reason)
    if isinstance(following, WrongMove):
        raise ValueError("Only an open task is cancelled, for one of the reasons that there are.")
    move_task(transaction, cause, referral_id, task, Step("cancel", CANCELLED, SYSTEM, ACTOR, reason))
    data = {"referral_id": referral_id, "agency": task.agency, "task_id": task.id, "reason": reason}
    transaction.publish(TaskCancelled, referral_id, data, cause=cause)
    transaction.publish(TaskRecalled, referral_id, data, cause=cause, audience=task.agency)


def _place(task: Task, step: Step, now: datetime) -> dict[str, Any]:
    """The columns that say where the task is. One that leaves its hold waits for nothing any more."""
    holding = step.next == ON_HOLD
    return {
        "state": step.next,
        "reason": step.reason,
        "changed_at": now,
        "due": due_in(step.next, now),
        "open_agency": task.agency if step.next in OPEN else None,
        "held_from": task.state if holding else None,
        "asked_sequence": None,
        "items": [],
    }


def _link_to(transaction: Transaction, task_id: str) -> str:
    """Where the agency reads its task."""
    return f"{transaction.resources.settings.agencies_url}/v1/tasks/{task_id}"


def _note(transaction: Transaction, task_id: str, agency: str, state: str, step: Step) -> None:
    transaction.insert(
        moves,
        task_id=task_id,
        agency=agency,
        at=transaction.now,
        action=step.action,
        role=step.role,
        actor=step.actor,
        state=state,
        next=step.next,
        reason=step.reason,
        note=step.note,
    )
