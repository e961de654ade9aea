"""A referral is decided: what is known of it is held against its tasks, and what has to change is carried out.

Whatever teaches or changes something comes here: an event, an agency's move, a person's ruling, room that was found.
"""

from collections.abc import Callable

from services.routing.capacity import CLOSED, NO_LIMITS, Capacities, capacities, hold_closed
from services.routing.domain import Decision, Known, Plan, Task, plan
from services.routing.domain.decision import ASKING, CONCLUDED, NOT_ELIGIBLE, REVIEWING
from services.routing.domain.planning import of_this_round, outcome_for
from services.routing.domain.tasks import CANCELLED
from services.routing.memory import UNHEARD, Memory, recall, remember
from services.routing.tasking import ask_referrer, cancel_task, renew_task, request_task, resume_task
from shared.contracts.envelope import Event
from shared.contracts.routing import (
    InformationRequested,
    ReferralConcluded,
    ReferralNotEligible,
    ReferralUnderReview,
)
from shared.messaging.transaction import Transaction

Lesson = Callable[[Known], Known]


def learn(transaction: Transaction, cause: Event | None, referral_id: str, lesson: Lesson, fresh: bool = False) -> None:
    """Learns, and decides if that was news. A `fresh` referral was hardly ever heard of before."""
    while True:
        before = UNHEARD if fresh and transaction.hopeful else recall(transaction, referral_id)
        known = lesson(before.known)
        if known == before.known or _decide(transaction, cause, referral_id, known, before) is not None:
            return


def decide_again(
    transaction: Transaction, referral_id: str, lesson: Lesson = lambda known: known, cause: Event | None = None
) -> Decision | None:
    """Decides although there may be no news: tasks, rulings or room have changed. The referral must be known."""
    before = recall(transaction, referral_id)
    changes = _decide(transaction, cause, referral_id, lesson(before.known), before)
    return changes.decision if changes else None


def _decide(
    transaction: Transaction, cause: Event | None, referral_id: str, known: Known, before: Memory
) -> Plan | None:
    """None when another transaction stored the referral first: then all has to begin again."""
    changes, room = _plan(transaction, known, before)
    if not remember(transaction, referral_id, known, changes.decision, before):
        return None
    # What an event leads to may be done again with care where it was not the first.
    first = before.decision is None and cause is not None
    _carry_out(transaction, cause, referral_id, known, changes, room, first)
    if changes.tell and changes.decision:
        _tell(transaction, cause, referral_id, known, changes, before)
    return changes


def _plan(transaction: Transaction, known: Known, before: Memory) -> tuple[Plan, Capacities]:
    """Who has room is asked only when somebody is about to be asked: most events ask nobody."""
    changes = plan(known, before.tasks, before.decision)
    if not changes.request:
        return changes, NO_LIMITS
    room = capacities(transaction.connection, transaction.resources)
    if any(agency in room and room[agency].state == CLOSED for agency in changes.request):
        room = hold_closed(transaction)
        full = frozenset(agency for agency, capacity in room.items() if capacity.state == CLOSED)
        changes = plan(known, before.tasks, before.decision, full)
    return changes, room


def _carry_out(
    transaction: Transaction,
    cause: Event | None,
    referral_id: str,
    known: Known,
    changes: Plan,
    room: Capacities,
    first: bool,
) -> None:
    """Makes the changes: recalls first, so that who must stop hears of it before anybody else is asked."""
    for task, reason in changes.cancel:
        cancel_task(transaction, cause, referral_id, task, reason)
    for agency in changes.request:
        limits = {"capacity": room[agency]} if agency in room else {}
        request_task(transaction, cause, referral_id, known, agency, first=first, **limits)
    for task in changes.renew:
        renew_task(transaction, task.id, outcome_for(known, task.agency))
    for task in changes.resume:
        resume_task(transaction, cause, referral_id, task)
    for task in changes.ask_again:
        ask_referrer(transaction, cause, referral_id, task)


def _tell(
    transaction: Transaction, cause: Event | None, referral_id: str, known: Known, changes: Plan, before: Memory
) -> None:
    """Tells the decisions that are not a task."""
    decision = changes.decision
    assert decision is not None
    agencies, codes = list(decision.agencies), list(decision.codes)
    if decision.status == ASKING:
        data = {"referral_id": referral_id, "items": codes, "agencies": agencies}
        transaction.publish(InformationRequested, referral_id, data, cause=cause)
    elif decision.status == REVIEWING:
        beside = list(known.unsettled_duplicates)
        data = {"referral_id": referral_id, "reasons": codes, "agencies": agencies, "duplicates": beside}
        transaction.publish(ReferralUnderReview, referral_id, data, cause=cause)
    elif decision.status == NOT_ELIGIBLE:
        signposts = [signpost.id for signpost in transaction.resources.directory.signposts]
        data = {"referral_id": referral_id, "reasons": codes, "signposts": signposts}
        transaction.publish(ReferralNotEligible, referral_id, data, cause=cause)
    elif decision.status == CONCLUDED:
        just_cancelled = {task.id: reason for task, reason in changes.cancel}
        results = [_result(task, just_cancelled) for task in of_this_round(known, before.tasks)]
        transaction.publish(
            ReferralConcluded, referral_id, {"referral_id": referral_id, "results": results}, cause=cause
        )


def _result(task: Task, just_cancelled: dict[str, str]) -> dict[str, str | None]:
    ended = (CANCELLED, just_cancelled[task.id]) if task.id in just_cancelled else (task.state, task.reason)
    return {"agency": task.agency, "task_id": task.id, "state": ended[0], "reason": ended[1]}
