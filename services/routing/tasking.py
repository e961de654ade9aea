"""What happens to a task: it is requested, renewed, moved. Each leaves a row of `moves` and the events that tell of it.

The caller holds the referral's row (`memory.recall`), so a task is moved by one at a time.
"""

from typing import Any

from sqlalchemy import RowMapping, update

from services.routing.domain import Known, Outcome, WrongMove, move
from services.routing.domain.tasks import NEW, ON_HOLD, OPEN, SYSTEM
from services.routing.tables import moves, tasks
from shared.clock import london_date
from shared.contracts import routing as contracts
from shared.contracts.envelope import Event, EventSchema
from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.working_days import add_working_days

ACTOR = "waypost"

TOLD: dict[str, type[EventSchema]] = {
    "cancel": contracts.TaskCancelled,
}


def request_task(transaction: Transaction, event: Event | None, referral_id: str, known: Known, agency: str) -> None:
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
    state = move(NEW, "request", SYSTEM, None)
    transaction.insert(
        tasks,
        **about,
        **due,
        id=task_id,
        open_agency=agency,
        state=state,
        children=list(outcome.children),
        receipt=outcome.receipt,
        requested_at=transaction.now,
        changed_at=transaction.now,
    )
    _note(transaction, task_id, "request", SYSTEM, ACTOR, NEW, str(state), None)
    data = {
        **about,
        **due,
        "task_id": task_id,
        "children": list(outcome.children),
        "link": link_to(transaction, task_id),
    }
    for audience in (None, agency):
        transaction.publish(contracts.ReferralRouted, referral_id, data, cause=event, audience=audience)


def renew_task(transaction: Transaction, task_id: str, outcome: Outcome) -> None:
    """The facts changed and so did the children that the agency can take; the agency sees it at the task."""
    transaction.execute(
        update(tasks)
        .where(tasks.c.id == task_id)
        .values(children=list(outcome.children), receipt=outcome.receipt, changed_at=transaction.now)
    )


def move_task(
    transaction: Transaction,
    task: RowMapping | dict[str, Any],
    action: str,
    role: str,
    actor: str,
    reason: str | None,
    cause: Event | None = None,
) -> WrongMove | None:
    """Moves a task (`id`, `referral_id`, `agency`, `state`, `held_from`) and tells of it; a WrongMove: nothing done."""
    state = task["state"]
    following = move(state, action, role, reason, task["held_from"])
    if isinstance(following, WrongMove):
        return following
    values: dict[str, Any] = {
        "state": following,
        "reason": reason,
        "held_from": state if following == ON_HOLD else None,
        "open_agency": task["agency"] if following in OPEN else None,
        "changed_at": transaction.now,
    }
    transaction.execute(update(tasks).where(tasks.c.id == task["id"]).values(**values))
    _note(transaction, task["id"], action, role, actor, state, following, reason)
    data = {"referral_id": task["referral_id"], "agency": task["agency"], "task_id": task["id"], "reason": reason}
    transaction.publish(TOLD[action], task["referral_id"], data, cause=cause)
    if action == "cancel":
        transaction.publish(contracts.TaskRecalled, task["referral_id"], data, cause=cause, audience=task["agency"])
    return None


def link_to(transaction: Transaction, task_id: str) -> str:
    """Where the agency reads its task."""
    return f"{transaction.resources.settings.agencies_url}/v1/tasks/{task_id}"


def _note(
    transaction: Transaction,
    task_id: str,
    action: str,
    role: str,
    actor: str,
    state: str,
    following: str,
    reason: str | None,
) -> None:
    transaction.insert(
        moves,
        task_id=task_id,
        at=transaction.now,
        action=action,
        role=role,
        actor=actor,
        state=state,
        next=following,
        reason=reason,
    )
