"""What the referrals service does with others' events: keeps the receipt, moves the state, writes the timeline.

Every event leaves its entry. It moves the state only where the transition table has a line for it and nothing newer of
the same service has moved it, so late and early events do no harm.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Update, bindparam, update

from services.referrals.domain import states_before
from services.referrals.intake import note
from services.referrals.progress import asked_of, is_in_hand
from services.referrals.reading import entries_of
from services.referrals.tables import assessments, referrals
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event
from shared.contracts.notifications import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.contracts.referrals import ReferralClosed
from shared.contracts.routing import (
    InformationRequested,
    ReferralConcluded,
    ReferralNotEligible,
    ReferralRouted,
    ReferralUnderReview,
    TaskAccepted,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TaskHeld,
    TaskOverdue,
    TaskRecallAcknowledged,
    TaskRejected,
    TaskResumed,
    TaskStarted,
)
from shared.messaging.inbox import Handler, Handlers
from shared.messaging.transaction import Transaction

ROLE = "routing"
TASK = ("agency", "task_id", "reason")
DUE = ("decide_by", "contact_by")
# That somebody else referred the child is not for a referrer to know.
NOT_FOR_REFERRERS = {"possible-duplicate"}


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


def concluded(transaction: Transaction, event: Event) -> None:
    """Nothing is left to try: the referral is closed, unless it has gone on since."""
    if _move(transaction, event, CONCLUDE):
        data = {"referral_id": event.subject, "reason": "tasks-ended"}
        transaction.publish(ReferralClosed, event.subject, data, cause=event)
    _note(transaction, event, "concluded", {"results": event.data["results"]})


def information_requested(transaction: Transaction, event: Event) -> None:
    """Routing asks, to decide; or an agency does, whose task waits."""
    _move(transaction, event, ASK)
    by = ("task_id",) if event.data["task_id"] else ()
    _note(transaction, event, "information-requested", _told(event.data, ("items", "agencies", *by)))


def _goes_on(kind: str) -> Handler:
    """A handler for a task that waits for the referrer no more: once none does, whoever else has the referral goes on."""

    def handle(transaction: Transaction, event: Event) -> None:
        _note(transaction, event, kind, _told(event.data, TASK))
        if is_in_hand(asked_of(entries_of(transaction.about(event.subject), event.subject))):
            _move(transaction, event, RESUME)

    return handle


def _moves(action: str, kind: str, *told: str) -> Handler:
    """A handler for what routing decided: moves the state by `action`, and notes the fields in `told`."""

    statements = _statements(action)

    def decided(transaction: Transaction, event: Event) -> None:
        _move(transaction, event, statements)
        _note(transaction, event, kind, _told(event.data, told))

    return decided


def _statements(action: str) -> list[Update]:
    """What moves the state by `action`, one for each state that it leads to; made once, since making takes longest."""
    return [
        update(referrals)
        .where(
            referrals.c.id == bindparam("subject"),
            referrals.c.status.in_(states),
            referrals.c.decided_sequence < bindparam("sequence"),
        )
        .values(status=following, decided_sequence=bindparam("sequence"))
        for following, states in states_before(action, ROLE).items()
    ]


def _move(transaction: Transaction, event: Event, statements: list[Update]) -> bool:
    """Whether the state allowed it, and nothing newer had moved it."""
    about = {"subject": event.subject, "sequence": event.sequence}
    # Not by transaction.execute, which would write the gathered entries of a batch one by one.
    return sum(transaction.connection.execute(each, about).rowcount for each in statements) > 0


def _notes(kind: str, *told: str) -> Handler:
    """A handler that only writes the timeline."""
    return lambda transaction, event: _note(transaction, event, kind, _told(event.data, told))


def _told(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    told = {name: data[name] for name in names}
    if "reasons" in told:
        told["reasons"] = [reason for reason in told["reasons"] if reason not in NOT_FOR_REFERRERS]
    return told


def _note(transaction: Transaction, event: Event, kind: str, detail: Mapping[str, Any]) -> None:
    note(transaction, event.subject, kind, detail, event.id, at=event.time)


ASK, CONCLUDE, RESUME = (_statements(action) for action in ("request-information", "conclude", "resume"))
HANDLERS: Handlers = {
    EligibilityAssessed: assessed,
    ReferralRouted: _moves("route", "routed", "agency", "task_id", "children", *DUE),
    ReferralUnderReview: _moves("refer-to-review", "under-review", "reasons", "agencies"),
    ReferralNotEligible: _moves("find-not-eligible", "not-eligible", "reasons", "signposts"),
    InformationRequested: information_requested,
    ReferralConcluded: concluded,
    TaskAccepted: _notes("task-accepted", *TASK),
    TaskRejected: _notes("task-rejected", *TASK),
    TaskHeld: _notes("task-held", *TASK),
    TaskResumed: _goes_on("task-resumed"),
    TaskStarted: _notes("task-started", *TASK),
    TaskCompleted: _notes("task-completed", *TASK),
    TaskFailed: _notes("task-failed", *TASK),
    TaskCancelled: _goes_on("task-cancelled"),
    TaskOverdue: _notes("task-overdue", "agency", "task_id", "what", "due"),
    TaskRecallAcknowledged: _notes("recall-acknowledged", *TASK),
    NotificationSent: _notes("notification-sent", "audience", "channel", "template"),
    NotificationFailed: _notes("notification-failed", "audience", "channel", "template", "reason"),
    NotificationSuppressed: _notes("notification-suppressed", "audience", "channel", "template", "reason"),
}
