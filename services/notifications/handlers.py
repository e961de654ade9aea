"""What an event does here: it leaves a message to be sent, in the transaction that notes the event as handled.

Nothing is asked of the database and nothing is sent: an event may come before one that was written earlier, so what a
message needs of another event (its reference) is looked up when it is sent.
"""

from services.notifications import domain
from services.notifications.domain import Notice
from services.notifications.tables import deliveries
from shared.contracts import referrals, routing
from shared.contracts.envelope import Event
from shared.messaging.inbox import Handlers
from shared.messaging.transaction import Transaction


def submitted(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_submitted(event.data["kind"], event.data["consent_scope"]))


def routed(transaction: Transaction, event: Event) -> None:
    data = event.data
    terms = data["agency"], data["task_id"], data["acknowledge_by"], data["decide_by"]
    _leave(transaction, event, *domain.on_routed(data["kind"], *terms))


def information_requested(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_information_requested(event.data["items"]))


def under_review(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, *domain.UNDER_REVIEW)


def not_eligible(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, *domain.NOT_ELIGIBLE)


def withdrawn(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, *domain.WITHDRAWN)


def task_cancelled(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_task_cancelled(event.data["agency"], event.data["task_id"]))


HANDLERS: Handlers = {
    referrals.ReferralSubmitted: submitted,
    referrals.ReferralWithdrawn: withdrawn,
    routing.ReferralRouted: routed,
    routing.InformationRequested: information_requested,
    routing.ReferralUnderReview: under_review,
    routing.ReferralNotEligible: not_eligible,
    routing.TaskCancelled: task_cancelled,
}


def _leave(transaction: Transaction, event: Event, *notices: Notice) -> None:
    settings = transaction.resources.settings
    for notice in notices:
        transaction.insert(
            deliveries,
            id=domain.delivery_id(event.id, notice),
            event_id=event.id,
            correlation_id=event.correlation_id,
            referral_id=event.data["referral_id"],
            reference=event.data.get("reference"),
            template=notice.template,
            audience=notice.audience,
            agency=notice.agency,
            link=domain.link_of(notice, settings.public_url, settings.agencies_url),
            words=dict(notice.words),
            status=domain.PENDING,
            attempts=0,
            created_at=transaction.now,
            due_at=transaction.now,
        )
