"""What routing does with an event: learns from it, decides again, and carries out what has changed.

Events may come in any order. Each teaches what it can; a decision falls when the newest facts are known and assessed.
"""

from services.routing.alerts import CONTACT_CHANGED, DETAILS_CHANGED, NOT_CONTACTED, alert
from services.routing.deciding import learn
from services.routing.domain import Known, Outcome
from services.routing.domain.knowledge import ELIGIBLE, INELIGIBLE
from services.routing.erasing import erased
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event
from shared.contracts.referrals import (
    ConsentExpired,
    ConsentGiven,
    ConsentWithdrawn,
    ContactChanged,
    ReferralAmended,
    ReferralClosed,
    ReferralEnteredInError,
    ReferralErased,
    ReferralNotContacted,
    ReferralReopened,
    ReferralSubmitted,
    ReferralWithdrawn,
)
from shared.messaging.inbox import Handler, Handlers
from shared.messaging.transaction import Transaction


def facts_came(transaction: Transaction, event: Event) -> None:
    """A referral was submitted."""
    learn(transaction, event, event.data["referral_id"], lambda known: _facts(known, event), fresh=True)


def amended(transaction: Transaction, event: Event) -> None:
    """A referral was amended: what follows for the decision is seen when the rules have spoken, agencies are told at once."""
    learn(transaction, event, event.data["referral_id"], lambda known: _facts(known, event))
    alert(transaction, event, DETAILS_CHANGED)


def reopened(transaction: Transaction, event: Event) -> None:
    """A referral that had ended goes on, with the facts as they now stand. Whoever was asked before may be asked again."""
    lesson = lambda known: _facts(known.with_reopening(event.sequence), event)  # noqa: E731 - one line is enough
    learn(transaction, event, event.data["referral_id"], lesson)


def assessed(transaction: Transaction, event: Event) -> None:
    """The rules were asked about a referral."""
    outcomes = [
        Outcome(
            agency=each["agency"],
            outcome=each["outcome"],
            children=tuple(child for child, outcome in each["children"].items() if outcome == ELIGIBLE),
            missing=tuple(each["missing"]),
            possible=tuple(child for child, outcome in each["children"].items() if outcome != INELIGIBLE),
            receipt=each["receipt"],
        )
        for each in event.data["outcomes"]
    ]
    facts_sequence = event.data["facts_sequence"]
    learn(transaction, event, event.data["referral_id"], lambda known: known.with_assessment(facts_sequence, outcomes))


def consent_given(transaction: Transaction, event: Event) -> None:
    """The family agreed, or agreed to something else; the scope replaces what was agreed before."""
    scope = event.data["scope"]
    learn(transaction, event, event.data["referral_id"], lambda known: known.with_scope(event.sequence, scope))


def consent_ended(transaction: Transaction, event: Event) -> None:
    """Nothing is agreed any more."""
    learn(transaction, event, event.data["referral_id"], lambda known: known.with_scope(event.sequence, ()))


def not_contacted(transaction: Transaction, event: Event) -> None:
    """Nobody has been in touch: those who should have been are asked again, and a person asks after it."""
    alert(transaction, event, NOT_CONTACTED)


def contact_changed(transaction: Transaction, event: Event) -> None:
    """Whoever has the referral in hand must look how the family is reached safely now."""
    alert(transaction, event, CONTACT_CHANGED)


def _ends(how: str) -> Handler:
    """A handler for an end of the referral: everything about it stops."""
    return lambda transaction, event: learn(
        transaction, event, event.data["referral_id"], lambda known: known.with_end(event.sequence, how)
    )


def _facts(known: Known, event: Event) -> Known:
    data = event.data
    return known.with_facts(
        event.sequence,
        data["reference"],
        data["kind"],
        data["chosen_agencies"],
        data["consent_scope"],
        data["possible_duplicates"],
    )


HANDLERS: Handlers = {
    ReferralSubmitted: facts_came,
    ReferralAmended: amended,
    ReferralReopened: reopened,
    EligibilityAssessed: assessed,
    ConsentGiven: consent_given,
    ConsentWithdrawn: consent_ended,
    ConsentExpired: consent_ended,
    ReferralNotContacted: not_contacted,
    ContactChanged: contact_changed,
    ReferralWithdrawn: _ends("withdrawn"),
    ReferralClosed: _ends("closed"),
    ReferralEnteredInError: _ends("entered-in-error"),
    ReferralErased: erased,
}
