"""What has to change: the decision held against the tasks that there are.

An agency that has the referral in hand, or has dealt with it in this round, is never asked a second time. Consent that
ended cancels at once, whatever else is not known yet. Facts that changed cancel only what no one has answered, by yes or
no: a person's yes outranks a rule, a question does not. While an agency keeps the referral, no other answer about it is
given; when every agency that was asked has finished, nothing is left to try.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.routing.domain.decision import CONCLUDED, NOBODY, ROUTED, WAITING, Agencies, Decision, decide
from services.routing.domain.knowledge import ELIGIBLE, Known, Outcome
from services.routing.domain.tasks import (
    CANCELLED,
    CLOSED,
    COMPLETED,
    ERASED,
    FACTS_CHANGED,
    FAILED,
    IN_ERROR,
    REJECTED,
    REQUESTED,
    UNCOVERED,
    WITHDRAWN,
    Task,
)

_WHY_ENDED = {"withdrawn": WITHDRAWN, "closed": CLOSED, "entered-in-error": IN_ERROR, "erased": ERASED}


@dataclass(frozen=True)
class Plan:
    """What has to change.

    `decision` is where the referral now stands, to be told when `tell`; `cancel` are tasks with their reason, `request`
    agencies to ask, `renew` tasks that now cover other children, `resume` tasks whose agency has been answered, and
    `ask_again` those whose questions the referrer has not answered by what came in.
    """

    decision: Decision | None
    cancel: tuple[tuple[Task, str], ...] = ()
    request: tuple[str, ...] = ()
    renew: tuple[Task, ...] = ()
    resume: tuple[Task, ...] = ()
    ask_again: tuple[Task, ...] = ()
    tell: bool = False


def plan(known: Known, tasks: Sequence[Task], last: Decision | None = None, full: Agencies = NOBODY) -> Plan:
    """What has to change, given the referral's tasks, the decision that was told last, and who takes nobody at present."""
    present = of_this_round(known, tasks)
    # An agency that has said yes, or may still, is not passed over for having closed its doors since.
    in_hand = {task.agency for task in present if task.is_open and known.covers(task.agency)}
    decision = decide(known, said_no(present), full - in_hand)
    cancel = [(task, why) for task in present if task.is_open and (why := _why_cancel(known, decision, task))]
    cancelled = {task for task, _ in cancel}
    if decision is None:
        return Plan(last, tuple(cancel))
    keeping = [task for task in present if task.is_open and task not in cancelled]
    request: tuple[str, ...] = ()
    if decision.status == ROUTED:
        dealt_with = {task.agency for task in present if task.state != CANCELLED} - {task.agency for task in cancelled}
        request = tuple(agency for agency in decision.agencies if agency not in dealt_with)
    decision = replace(_standing(known, decision, present, keeping, request), basis=_basis(known))
    told = last == decision and (decision.status == ROUTED or last.basis == decision.basis)
    asking = [task for task in keeping if task.asked_at is not None]
    resume = tuple(task for task in asking if task.is_answered_by(known.facts_sequence))
    new_consent = last is not None and known.scope_sequence > last.basis[1]
    return Plan(
        decision,
        tuple(cancel),
        request,
        renew=tuple(task for task in keeping if covers_others(known, task)),
        resume=resume,
        ask_again=tuple(task for task in asking if new_consent and task not in resume),
        tell=not told,
    )


def of_this_round(known: Known, tasks: Sequence[Task]) -> list[Task]:
    """The tasks that count: those that are open, and those that ended since the referral was last opened."""
    return [task for task in tasks if task.is_open or task.round == known.round]


def said_no(tasks: Sequence[Task]) -> Agencies:
    """The agencies that rejected; a family that declined is not among them."""
    return frozenset(task.agency for task in tasks if task.state == REJECTED)


def outcome_for(known: Known, agency: str) -> Outcome:
    """The outcome that a task is made of: for one that a person sends, all children that the rules do not exclude."""
    outcome = known.outcome_of(agency)
    return outcome if outcome.outcome == ELIGIBLE else replace(outcome, children=outcome.possible)


def covers_others(known: Known, task: Task) -> bool:
    """Whether the children whom the agency can take are no longer those whom its task covers."""
    return any(
        outcome.agency == task.agency and outcome.outcome == ELIGIBLE and outcome.children != task.children
        for outcome in known.outcomes
    )


def _standing(
    known: Known, decision: Decision, present: Sequence[Task], keeping: Sequence[Task], request: tuple[str, ...]
) -> Decision:
    """The decision as it is after what agencies have made of it."""
    if known.ended or decision.status == WAITING:
        return decision
    kept = {task.agency for task in keeping}
    finished = {task.agency for task in present if task.state in (COMPLETED, FAILED)}
    if kept or request:
        return Decision(ROUTED, tuple(sorted(kept | set(decision.agencies if decision.status == ROUTED else ()))))
    return Decision(CONCLUDED, tuple(sorted(finished))) if finished else decision


def _basis(known: Known) -> tuple[int, int]:
    return known.facts_sequence, known.scope_sequence


def _why_cancel(known: Known, decision: Decision | None, task: Task) -> str | None:
    if known.ended:
        return _WHY_ENDED[known.ended]
    if not known.covers(task.agency):
        return UNCOVERED
    goes_on_from = task.held_from if task.is_answered_by(known.facts_sequence) else task.state
    if decision is None or goes_on_from != REQUESTED:
        return None
    wanted = decision.status == ROUTED and task.agency in decision.agencies
    still_able = task.agency in known.agencies(ELIGIBLE) and (not known.chosen or task.agency in known.chosen)
    return None if wanted or still_able else FACTS_CHANGED
