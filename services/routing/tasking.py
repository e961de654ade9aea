"""What routing does with a task: it requests, renews and cancels it, and leaves a row of `moves` for what it did.

The caller holds the referral's row (`memory.recall`), so a task is moved by one at a time.
"""

from sqlalchemy import update

from services.routing.domain import Known, Outcome, Task, WrongMove, move
from services.routing.domain.tasks import NEW, REQUESTED, SYSTEM
from services.routing.tables import moves, tasks
from shared.clock import london_date
from shared.contracts.envelope import Event
from shared.contracts.routing import ReferralRouted, TaskCancelled, TaskRecalled
from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.working_days import add_working_days

ACTOR = "waypost"


def request_task(transaction: Transaction, cause: Event, referral_id: str, known: Known, agency: str) -> None:
    """Asks an agency to take a referral: its task, and `referral.routed` to the services and to the agency."""
    outcome = known.outcome_of(agency)
    terms = transaction.resources.directory.agency(agency)
    today = london_date(transaction.now)
    task_id = new_id()
    due = {
        "acknowledge_by": add_working_days(today, terms.acknowledge_days),
        "decide_by": add_working_days(today, terms.decide_days),
        "contact_by": add_working_days(today, terms.first_contact_days),
    }
    about = {"referral_id": referral_id, "reference": known.reference, "kind": known.kind, "agency": agency}
    transaction.insert(
        tasks,
        **about,
        **due,
        id=task_id,
        open_agency=agency,
        state=REQUESTED,
        children=list(outcome.children),
        receipt=outcome.receipt,
        requested_at=transaction.now,
        changed_at=transaction.now,
    )
    _note(transaction, task_id, "request", NEW, REQUESTED)
    data = {
        **about,
        **due,
        "task_id": task_id,
        "children": list(outcome.children),
        "link": _link_to(transaction, task_id),
    }
    for audience in (None, agency):
        transaction.publish(ReferralRouted, referral_id, data, cause=cause, audience=audience)


def renew_task(transaction: Transaction, task_id: str, outcome: Outcome) -> None:
    """The facts changed and so did the children that the agency can take; the agency sees it at the task."""
    transaction.execute(
        update(tasks)
        .where(tasks.c.id == task_id)
        .values(children=list(outcome.children), receipt=outcome.receipt, changed_at=transaction.now)
    )


def cancel_task(transaction: Transaction, cause: Event, referral_id: str, task: Task, reason: str) -> None:
    """Ends an open task: `task.cancelled` to the services, and to the agency `task.recalled`, which it must acknowledge.

    Raises ValueError for a task that is not open.
    """
    following = move(task.state, "cancel", SYSTEM, reason)
    if isinstance(following, WrongMove):
        raise ValueError("Only an open task is cancelled, for one of the reasons that there are.")
    transaction.execute(
        update(tasks)
        .where(tasks.c.id == task.id)
        .values(state=following, open_agency=None, held_from=None, reason=reason, changed_at=transaction.now)
    )
    _note(transaction, task.id, "cancel", task.state, following, reason)
    data = {"referral_id": referral_id, "agency": task.agency, "task_id": task.id, "reason": reason}
    transaction.publish(TaskCancelled, referral_id, data, cause=cause)
    transaction.publish(TaskRecalled, referral_id, data, cause=cause, audience=task.agency)


def _link_to(transaction: Transaction, task_id: str) -> str:
    """Where the agency reads its task."""
    return f"{transaction.resources.settings.agencies_url}/v1/tasks/{task_id}"


def _note(
    transaction: Transaction, task_id: str, action: str, state: str, following: str, reason: str | None = None
) -> None:
    transaction.insert(
        moves,
        task_id=task_id,
        at=transaction.now,
        action=action,
        role=SYSTEM,
        actor=ACTOR,
        state=state,
        next=following,
        reason=reason,
    )
