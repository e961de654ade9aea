"""What eligibility does with an event: facts that came are assessed, stored and told.

An assessment names the facts that it used by their sequence, so whoever reads it can tell old news from new.
"""

from sqlalchemy import select

from services.eligibility.domain import outcome_of
from services.eligibility.erasing import erased
from services.eligibility.tables import assessments
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event
from shared.contracts.referrals import ReferralAmended, ReferralErased, ReferralReopened, ReferralSubmitted
from shared.messaging.inbox import Handlers
from shared.messaging.transaction import Transaction
from shared.rules import facts_of


def submitted(transaction: Transaction, event: Event) -> None:
    """The first facts of a referral, with or without consent.

    Asks nothing of the database, so that a batch is written as one. Should newer facts have overtaken these, the
    assessment says by its sequence that it is the older.
    """
    _assess(transaction, event, first=True)


def amended(transaction: Transaction, event: Event) -> None:
    """Newer facts; ignored when newer ones still were assessed before they came."""
    newer = select(assessments.c.facts_sequence).where(
        assessments.c.referral_id == event.data["referral_id"], assessments.c.facts_sequence > event.sequence
    )
    if transaction.execute(newer.limit(1)).first() is None:
        _assess(transaction, event)


def _assess(transaction: Transaction, event: Event, first: bool = False) -> None:
    data, directory = event.data, transaction.resources.directory
    decisions = directory.assess(facts_of(data), data["received_on"], data["data_releases"])
    outcomes = [outcome_of(decision) for decision in decisions]
    transaction.insert(
        assessments,
        referral_id=data["referral_id"],
        facts_sequence=event.sequence,
        directory_version=directory.version,
        outcomes=outcomes,
        assessed_at=transaction.now,
    )
    transaction.publish(
        EligibilityAssessed,
        data["referral_id"],
        {
            "referral_id": data["referral_id"],
            "facts_sequence": event.sequence,
            "directory_version": directory.version,
            "outcomes": outcomes,
        },
        cause=event,
        first=first,
    )


HANDLERS: Handlers = {
    ReferralSubmitted: submitted,
    ReferralAmended: amended,
    ReferralReopened: amended,
    ReferralErased: erased,
}
