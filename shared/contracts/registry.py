"""Every event there is, by its type."""

from functools import cache

from shared.contracts import eligibility, notifications, referrals, routing
from shared.contracts.envelope import EventSchema

EVENTS: tuple[type[EventSchema], ...] = (
    referrals.ReferralSubmitted,
    referrals.ReferralAmended,
    referrals.ReferralWithdrawn,
    referrals.ConsentGiven,
    referrals.ConsentWithdrawn,
    eligibility.EligibilityAssessed,
    routing.ReferralRouted,
    routing.ReferralUnderReview,
    routing.ReferralNotEligible,
    routing.InformationRequested,
    routing.TaskCancelled,
    routing.TaskRecalled,
    notifications.NotificationSent,
    notifications.NotificationFailed,
    notifications.NotificationSuppressed,
)


@cache
def schema_for(schema: type[EventSchema]) -> EventSchema:
    """The one instance of a contract: marshmallow builds its fields anew for each, which costs more than a dump."""
    return schema()
