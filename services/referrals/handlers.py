"""What the referrals service does with others' events: keeps the receipt, moves the state, writes the timeline.

Every event leaves its entry. It moves the state only where the transition table has a line for it and nothing newer of
the same service has moved it, so late and early events do no harm.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from services.referrals.domain import states_before
from services.referrals.intake import note
from services.referrals.tables import assessments, referrals
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event
from shared.contracts.notifications import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.contracts.routing import (
    InformationRequested,
    ReferralNotEligible,
    ReferralRouted,
    ReferralUnderReview,
    TaskCancelled,
)
from shared.messaging.inbox import Handler, Handlers
from shared.messaging.transaction import Transaction

ROLE = "routing"


def assessed(transaction: Transaction, event: Event) -> None:
    """Keeps what the rules said; whoever reads takes the one of the newest facts."""
    data = event.data
    transaction.insert(
        assessments,
        event_id=event.id,
        referral_id=event.subject,
        facts_sequence=data["facts_sequence"],
        directory_version=data["directory_version"],
        outcomes=data["outcomes"],
        assessed_at=event.time,
    )
    _note(transaction, event, "assessed", {item["agency"]: item["outcome"] for item in data["outcomes"]})


def _moves(action: str, kind: str, *told: str) -> Handler:
    """A handler for what routing decided: moves the state by `action`, and notes the fields in `told`."""
    before = states_before(action, ROLE)

    def decided(transaction: Transaction, event: Event) -> None:
        for following, states in before.items():
            # Not by transaction.execute, which would write the gathered entries of a batch one by one.
            transaction.connection.execute(
                update(referrals)
                .where(
                    referrals.c.id == event.subject,
                    referrals.c.status.in_(states),
                    referrals.c.decided_sequence < event.sequence,
                )
                .values(status=following, decided_sequence=event.sequence)
            )
        _note(transaction, event, kind, _told(event.data, told))

    return decided


def _notes(kind: str, *told: str) -> Handler:
    """A handler that only writes the timeline."""
    return lambda transaction, event: _note(transaction, event, kind, _told(event.data, told))


def _told(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names}


def _note(transaction: Transaction, event: Event, kind: str, detail: Mapping[str, Any]) -> None:
    note(transaction, event.subject, kind, detail, event.id, at=event.time)


HANDLERS: Handlers = {
    EligibilityAssessed: assessed,
    ReferralRouted: _moves("route", "routed", "agency", "task_id", "children"),
    ReferralUnderReview: _moves("refer-to-review", "under-review", "reasons", "agencies"),
    ReferralNotEligible: _moves("find-not-eligible", "not-eligible", "reasons", "signposts"),
    InformationRequested: _moves("request-information", "information-requested", "items", "agencies"),
    TaskCancelled: _notes("task-cancelled", "agency", "task_id", "reason"),
    NotificationSent: _notes("notification-sent", "audience", "channel", "template"),
    NotificationFailed: _notes("notification-failed", "audience", "channel", "template", "reason"),
    NotificationSuppressed: _notes("notification-suppressed", "audience", "channel", "template", "reason"),
}
