"""What the routing service says: where a referral goes, or why it does not yet."""

from marshmallow.fields import List

from shared.contracts import fields
from shared.contracts.envelope import EventSchema


class ReferralRouted(EventSchema):
    """An agency was asked to take a referral: its task, the children covered, and when an answer is due."""

    PRODUCER, FACT = "routing", "referral.routed"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    kind = fields.Code(required=True)
    agency = fields.Code(required=True)
    task_id = fields.Id(required=True)
    children = List(fields.Id(), required=True)
    acknowledge_by = fields.Day(required=True)
    decide_by = fields.Day(required=True)
    contact_by = fields.Day(required=True)
    link = fields.Link(required=True)


class ReferralUnderReview(EventSchema):
    """A person has to decide; `reasons` say why no rule could."""

    PRODUCER, FACT = "routing", "referral.under-review"

    referral_id = fields.Id(required=True)
    reasons = List(fields.Code(), required=True)
    agencies = List(fields.Code(), required=True)


class ReferralNotEligible(EventSchema):
    """No agency can take the referral; `signposts` are who the family is told of instead."""

    PRODUCER, FACT = "routing", "referral.not-eligible"

    referral_id = fields.Id(required=True)
    reasons = List(fields.Code(), required=True)
    signposts = List(fields.Code(), required=True)


class InformationRequested(EventSchema):
    """The referrer is asked for what would decide: `items` such as `home`, `school`, `practice`, `consent`."""

    PRODUCER, FACT = "routing", "information.requested"

    referral_id = fields.Id(required=True)
    items = List(fields.Code(), required=True)
    agencies = List(fields.Code(), required=True)


class TaskCancelled(EventSchema):
    """An agency's task ended because the referral was withdrawn or consent no longer covers it."""

    PRODUCER, FACT = "routing", "task.cancelled"

    referral_id = fields.Id(required=True)
    agency = fields.Code(required=True)
    task_id = fields.Id(required=True)
    reason = fields.Code(required=True)


class TaskRecalled(TaskCancelled):
    """The agency must stop, and destroy what it holds about the family."""

    FACT = "task.recalled"
