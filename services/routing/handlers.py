"""What routing does with an event: learns from it, decides again, and carries out what has changed.

Events may come in any order. Each teaches what it can; a decision falls when the newest facts are known and assessed.
"""

from collections.abc import Callable

from services.routing.domain import Decision, Known, Outcome, Plan, plan
from services.routing.domain.decision import ASKING, NOT_ELIGIBLE, REVIEWING
from services.routing.memory import recall, remember
from services.routing.tasking import cancel_task, renew_task, request_task
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event
from shared.contracts.referrals import (
    ConsentGiven,
    ConsentWithdrawn,
    ReferralAmended,
    ReferralSubmitted,
    ReferralWithdrawn,
)
from shared.contracts.routing import InformationRequested, ReferralNotEligible, ReferralUnderReview
from shared.messaging.inbox import Handlers
from shared.messaging.transaction import Transaction


def facts_came(transaction: Transaction, event: Event) -> None:
    """A referral was submitted or amended."""
    data = event.data
    _learn(
        transaction,
        event,
        lambda known: known.with_facts(
            event.sequence, data["reference"], data["kind"], data["chosen_agencies"], data["consent_scope"]
        ),
    )


def assessed(transaction: Transaction, event: Event) -> None:
    """The rules were asked about a referral."""
    outcomes = [
        Outcome(
            agency=each["agency"],
            outcome=each["outcome"],
            children=tuple(child for child, outcome in each["children"].items() if outcome == "eligible"),
            missing=tuple(each["missing"]),
            receipt=each["receipt"],
        )
        for each in event.data["outcomes"]
    ]
    _learn(transaction, event, lambda known: known.with_assessment(event.data["facts_sequence"], outcomes))


def consent_given(transaction: Transaction, event: Event) -> None:
    """The family agreed, or agreed to something else; the scope replaces what was agreed before."""
    _learn(transaction, event, lambda known: known.with_scope(event.sequence, event.data["scope"]))


def consent_withdrawn(transaction: Transaction, event: Event) -> None:
    """Nothing is agreed any more."""
    _learn(transaction, event, lambda known: known.with_scope(event.sequence, ()))


def withdrawn(transaction: Transaction, event: Event) -> None:
    """Everything about the referral stops."""
    _learn(transaction, event, Known.with_withdrawal)


def _learn(transaction: Transaction, event: Event, lesson: Callable[[Known], Known]) -> None:
    referral_id = event.data["referral_id"]
    while True:
        before = recall(transaction, referral_id)
        known = lesson(before.known)
        if known == before.known:
            return
        changes = plan(known, before.tasks, before.decision)
        if remember(transaction, referral_id, known, changes.decision, before):
            _carry_out(transaction, event, referral_id, known, changes)
            return


def _carry_out(transaction: Transaction, cause: Event, referral_id: str, known: Known, changes: Plan) -> None:
    """Makes the changes: recalls first, so that who must stop hears of it before anybody else is asked."""
    for task, reason in changes.cancel:
        cancel_task(transaction, cause, referral_id, task, reason)
    for agency in changes.request:
        request_task(transaction, cause, referral_id, known, agency)
    for task in changes.renew:
        renew_task(transaction, task.id, known.outcome_of(task.agency))
    if changes.tell and changes.decision:
        _tell(transaction, cause, referral_id, changes.decision)


def _tell(transaction: Transaction, cause: Event, referral_id: str, decision: Decision) -> None:
    """Tells the decisions that are not a task."""
    agencies, codes = list(decision.agencies), list(decision.codes)
    if decision.status == ASKING:
        data = {"referral_id": referral_id, "items": codes, "agencies": agencies}
        transaction.publish(InformationRequested, referral_id, data, cause=cause)
    elif decision.status == REVIEWING:
        data = {"referral_id": referral_id, "reasons": codes, "agencies": agencies}
        transaction.publish(ReferralUnderReview, referral_id, data, cause=cause)
    elif decision.status == NOT_ELIGIBLE:
        signposts = [signpost.id for signpost in transaction.resources.directory.signposts]
        data = {"referral_id": referral_id, "reasons": codes, "signposts": signposts}
        transaction.publish(ReferralNotEligible, referral_id, data, cause=cause)


HANDLERS: Handlers = {
    ReferralSubmitted: facts_came,
    ReferralAmended: facts_came,
    EligibilityAssessed: assessed,
    ConsentGiven: consent_given,
    ConsentWithdrawn: consent_withdrawn,
    ReferralWithdrawn: withdrawn,
}
