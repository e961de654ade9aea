"""Every event there is, by its type."""

from functools import cache

from shared.contracts import eligibility, notifications, referrals, routing
from shared.contracts.envelope import EventSchema

EVENTS: tuple[type[EventSchema], ...] = (
    referrals.ReferralSubmitted,
    referrals.ReferralAmended,
    referrals.ReferralReopened,
    referrals.ReferralWithdrawn,
    referrals.ReferralClosed,
    referrals.ReferralEnteredInError,
    referrals.ReferralErased,
    referrals.ReferralNotContacted,
    referrals.ContactChanged,
    referrals.CodeRequested,
    referrals.ConsentGiven,
    referrals.ConsentAwaited,
    referrals.ConsentWithdrawn,
    referrals.ConsentExpired,
    eligibility.EligibilityAssessed,
    routing.ReferralRouted,
    routing.ReferralUnderReview,
    routing.ReferralNotEligible,
    routing.ReferralConcluded,
    routing.InformationRequested,
    routing.TaskAccepted,
    routing.TaskRejected,
    routing.TaskHeld,
    routing.TaskResumed,
    routing.TaskStarted,
    routing.TaskCompleted,
    routing.TaskFailed,
    routing.TaskRecallAcknowledged,
    routing.TaskCancelled,
    routing.TaskRecalled,
    routing.TaskDue,
    routing.TaskOverdue,
    routing.TaskAlerted,
    notifications.NotificationSent,
    notifications.NotificationFailed,
    notifications.NotificationSuppressed,
)


@cache
def schema_for(schema: type[EventSchema]) -> EventSchema:
    """The one instance of a contract: marshmallow builds its fields anew for each, which costs more than a dump."""
    return schema()
