"""Where a referral goes, from what is known of it and the tasks that there are.

`decide` has an answer for everything that can be known, and never names an agency to route to that consent does not
cover or that the rules do not call eligible. `plan` turns it into what has to change; an agency that has the referral
in hand, or has dealt with it, is never asked a second time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.routing.domain.knowledge import CONSULTATION, ELIGIBLE, NEEDS_INFORMATION, REVIEW, Known
from services.routing.domain.tasks import CANCELLED, FACTS_CHANGED, REJECTED, REQUESTED, UNCOVERED, WITHDRAWN, Task

STOPPED, WAITING, ROUTED = "withdrawn", "awaiting-consent", "routed"
ASKING, REVIEWING, NOT_ELIGIBLE = "information-requested", "under-review", "not-eligible"
CONSENT = "consent"


@dataclass(frozen=True)
class Decision:
    """`status` says where the referral stands; `agencies` whom it is about, `codes` which reasons or which items.

    `basis` are the sequences of the facts and of the consent that it rests on. The same answer to newer facts is told
    again: whoever supplied them waits for one.
    """

    status: str
    agencies: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    basis: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Plan:
    """What has to change.

    `decision` is where the referral now stands, to be told when `tell`; `cancel` are tasks with their reason, `request`
    agencies to ask, and `renew` tasks that now cover other children.
    """

    decision: Decision | None
    cancel: tuple[tuple[Task, str], ...] = ()
    request: tuple[str, ...] = ()
    renew: tuple[Task, ...] = ()
    tell: bool = False


def decide(known: Known, rejected_by: frozenset[str] = frozenset()) -> Decision | None:
    """The decision; None while the newest facts are not known or not assessed. `rejected_by`: agencies that said no."""
    if known.withdrawn:
        return Decision(STOPPED)
    if not known.is_complete:
        return None
    if known.kind == CONSULTATION:
        return _routed(_able(known, rejected_by)) or _undecided(known, rejected_by)
    if not known.scope:
        return Decision(WAITING)
    return _by_choice(known, rejected_by) or _without_choice(known, rejected_by)


def _by_choice(known: Known, rejected_by: frozenset[str]) -> Decision | None:
    """What follows from the agencies that the family chose; None when it chose none or none of it leads anywhere."""
    able = _able(known, rejected_by)
    chosen = [agency for agency in known.chosen if agency not in rejected_by]
    if not chosen:
        return None
    chosen_able = tuple(dict.fromkeys(agency for agency in chosen if agency in able))
    unsure = tuple(agency for agency in known.agencies(NEEDS_INFORMATION) if agency in chosen)
    to_review = tuple(agency for agency in known.agencies(REVIEW) if agency in chosen)
    return (
        _routed(tuple(agency for agency in chosen_able if known.covers(agency)))
        or _asking_for_consent(chosen_able)
        or _asking_for_facts(known, unsure)
        or _reviewing("rules-need-a-person", to_review)
        or _reviewing("chosen-agency-cannot-take", able)
    )


def _without_choice(known: Known, rejected_by: frozenset[str]) -> Decision:
    able = _able(known, rejected_by)
    covered = tuple(agency for agency in able if known.covers(agency))
    if len(covered) > 1:
        # An agency that said no leaves the family waiting: the next one is asked, instead of a person.
        return Decision(ROUTED, covered[:1]) if rejected_by else Decision(REVIEWING, covered, ("several-agencies",))
    return _routed(covered) or _asking_for_consent(able) or _undecided(known, rejected_by)


def _undecided(known: Known, rejected_by: frozenset[str]) -> Decision:
    """When no agency can simply take it."""
    to_review = tuple(agency for agency in known.agencies(REVIEW) if agency not in rejected_by)
    unsure = tuple(agency for agency in known.agencies(NEEDS_INFORMATION) if agency not in rejected_by)
    return (
        _reviewing("rules-need-a-person", to_review)
        or _asking_for_facts(known, unsure)
        or _reviewing("rejected", tuple(sorted(rejected_by)))
        or Decision(NOT_ELIGIBLE, (), ("no-eligible-agency",))
    )


def _able(known: Known, rejected_by: frozenset[str]) -> tuple[str, ...]:
    return tuple(agency for agency in known.agencies(ELIGIBLE) if agency not in rejected_by)


def _routed(agencies: tuple[str, ...]) -> Decision | None:
    return Decision(ROUTED, tuple(sorted(agencies))) if agencies else None


def _asking_for_consent(agencies: tuple[str, ...]) -> Decision | None:
    return Decision(ASKING, agencies, (CONSENT,)) if agencies else None


def _asking_for_facts(known: Known, agencies: tuple[str, ...]) -> Decision | None:
    items = dict.fromkeys(item for agency in agencies for item in known.outcome_of(agency).missing)
    return Decision(ASKING, agencies, tuple(items)) if agencies else None


def _reviewing(reason: str, agencies: tuple[str, ...]) -> Decision | None:
    return Decision(REVIEWING, agencies, (reason,)) if agencies else None


def plan(known: Known, tasks: Sequence[Task], last: Decision | None = None) -> Plan:
    """What has to change, given the referral's tasks and the decision that was told last.

    Consent that ended cancels at once, whatever else is not known yet. Facts that changed cancel only what no one has
    answered: a person's yes outranks a rule. While an agency keeps the referral, no other answer about it is given.
    """
    decision = decide(known, frozenset(task.agency for task in tasks if task.state == REJECTED))
    cancel = [(task, why) for task in tasks if task.is_open and (why := _why_cancel(known, decision, task))]
    cancelled = {task for task, _ in cancel}
    if decision is None:
        return Plan(last, tuple(cancel))
    keeping = [task for task in tasks if task.is_open and task not in cancelled]
    kept = {task.agency for task in keeping}
    dealt_with = {task.agency for task in tasks if task.state != CANCELLED} - {task.agency for task in cancelled}
    request: tuple[str, ...] = ()
    if decision.status == ROUTED:
        request = tuple(agency for agency in decision.agencies if agency not in dealt_with)
    if decision.status == ROUTED or (kept and decision.status != STOPPED):
        decision = Decision(ROUTED, tuple(sorted(kept | set(decision.agencies if decision.status == ROUTED else ()))))
    renew = tuple(task for task in keeping if _covers_others(known, task))
    decision = replace(decision, basis=(known.facts_sequence, known.scope_sequence))
    told = last == decision and (decision.status == ROUTED or last.basis == decision.basis)
    return Plan(decision, tuple(cancel), request, renew, tell=not told)


def _covers_others(known: Known, task: Task) -> bool:
    return any(
        outcome.agency == task.agency and outcome.outcome == ELIGIBLE and outcome.children != task.children
        for outcome in known.outcomes
    )


def _why_cancel(known: Known, decision: Decision | None, task: Task) -> str | None:
    if known.withdrawn:
        return WITHDRAWN
    if not known.covers(task.agency):
        return UNCOVERED
    if decision is None or task.state != REQUESTED:
        return None
    wanted = decision.status == ROUTED and task.agency in decision.agencies
    still_able = task.agency in known.agencies(ELIGIBLE) and (not known.chosen or task.agency in known.chosen)
    return None if wanted or still_able else FACTS_CHANGED
