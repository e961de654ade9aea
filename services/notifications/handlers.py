"""What an event does here: it leaves a message to be sent, in the transaction that notes the event as handled.

Nothing is asked of the database and nothing is sent: an event may come before one that was written earlier, so what a
message needs of another event (its reference) is looked up when it is sent.
"""

from services.notifications import domain
from services.notifications.domain import Notice
from services.notifications.erasing import erased
from services.notifications.tables import deliveries
from shared.contracts import referrals, routing
from shared.contracts.envelope import Event
from shared.messaging.inbox import Handler, Handlers
from shared.messaging.transaction import Transaction


def submitted(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_submitted(event.data["kind"], event.data["consent_scope"]))


def consent_awaited(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_consent_awaited(event.data["closes_on"]))


def routed(transaction: Transaction, event: Event) -> None:
    data = event.data
    terms = data["agency"], data["task_id"], data["acknowledge_by"], data["decide_by"]
    _leave(transaction, event, *domain.on_routed(data["kind"], *terms))


def information_requested(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_information_requested(event.data["items"]))


def task_cancelled(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_task_cancelled(event.data["agency"], event.data["task_id"]))


def task_due(transaction: Transaction, event: Event) -> None:
    data = event.data
    _leave(transaction, event, *domain.on_due(data["what"], data["agency"], data["task_id"], data["due"]))


def task_overdue(transaction: Transaction, event: Event) -> None:
    data = event.data
    _leave(transaction, event, *domain.on_overdue(data["what"], data["agency"], data["task_id"], data["due"]))


def task_alerted(transaction: Transaction, event: Event) -> None:
    data = event.data
    _leave(transaction, event, *domain.on_alerted(data["what"], data["agency"], data["task_id"]))


def code_requested(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, domain.on_code_requested(event.data["audience"]))


def task_held(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, *domain.on_held(event.data["reason"]))


def closed(transaction: Transaction, event: Event) -> None:
    _leave(transaction, event, *domain.on_closed(event.data["reason"]))


def _always(*notices: Notice) -> Handler:
    """A handler for an event that always leads to the same messages."""
    return lambda transaction, event: _leave(transaction, event, *notices)


HANDLERS: Handlers = {
    referrals.ReferralSubmitted: submitted,
    referrals.ReferralWithdrawn: _always(*domain.WITHDRAWN),
    referrals.ReferralReopened: _always(*domain.REOPENED),
    referrals.ReferralErased: erased,
    referrals.ReferralClosed: closed,
    referrals.ConsentExpired: _always(*domain.AGREEMENT_EXPIRED),
    referrals.ConsentAwaited: consent_awaited,
    referrals.CodeRequested: code_requested,
    routing.ReferralRouted: routed,
    routing.InformationRequested: information_requested,
    routing.ReferralUnderReview: _always(*domain.UNDER_REVIEW),
    routing.ReferralNotEligible: _always(*domain.NOT_ELIGIBLE),
    routing.TaskAccepted: _always(*domain.ACCEPTED),
    routing.TaskRejected: _always(*domain.REJECTED),
    routing.TaskHeld: task_held,
    routing.TaskCompleted: _always(*domain.COMPLETED),
    routing.TaskFailed: _always(*domain.FAILED_WORK),
    routing.TaskCancelled: task_cancelled,
    routing.TaskDue: task_due,
    routing.TaskOverdue: task_overdue,
    routing.TaskAlerted: task_alerted,
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
