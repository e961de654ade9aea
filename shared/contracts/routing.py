"""What the routing service says: where a referral goes, or why it does not yet, and what agencies do with their tasks."""

from marshmallow import EXCLUDE, Schema
from marshmallow.fields import List, Nested

from shared.contracts import fields
from shared.contracts.envelope import EventSchema


class ReferralRouted(EventSchema):
    """An agency was asked to take a referral: its task, the children covered, and when an answer is due.

    `capacity` is what the agency said of itself: `open`, or `waiting-list` (until `capacity_until`, where it said so).
    """

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
    capacity = fields.Code(load_default="open")
    capacity_until = fields.Day(allow_none=True, load_default=None)


class ReferralUnderReview(EventSchema):
    """A person has to decide; `reasons` say why no rule could. `duplicates` are referrals that may be of the same child."""

    PRODUCER, FACT = "routing", "referral.under-review"

    referral_id = fields.Id(required=True)
    reasons = List(fields.Code(), required=True)
    agencies = List(fields.Code(), required=True)
    duplicates = List(fields.Id(), load_default=list)


class ReferralNotEligible(EventSchema):
    """No agency can take the referral; `signposts` are who the family is told of instead."""

    PRODUCER, FACT = "routing", "referral.not-eligible"

    referral_id = fields.Id(required=True)
    reasons = List(fields.Code(), required=True)
    signposts = List(fields.Code(), required=True)


class InformationRequested(EventSchema):
    """The referrer is asked for what is missing: `items` such as `home`, `school`, `practice`, `consent`.

    With a `task_id` an agency that has the referral in hand asks; without one, nothing can be decided before.
    """

    PRODUCER, FACT = "routing", "information.requested"

    referral_id = fields.Id(required=True)
    items = List(fields.Code(), required=True)
    agencies = List(fields.Code(), required=True)
    task_id = fields.Id(allow_none=True, load_default=None)


class TaskResult(Schema):
    """How one agency's task ended: `state` and, where there is one, the reason."""

    class Meta:
        unknown = EXCLUDE

    agency = fields.Code(required=True)
    task_id = fields.Id(required=True)
    state = fields.Code(required=True)
    reason = fields.Code(allow_none=True, load_default=None)


class ReferralConcluded(EventSchema):
    """Every task has ended and nothing is left to try: the referral may be closed. `results` are all its tasks."""

    PRODUCER, FACT = "routing", "referral.concluded"

    referral_id = fields.Id(required=True)
    results = List(Nested(TaskResult), required=True)


class TaskMoved(EventSchema):
    """What every move of a task tells; the facts below say which. `state` is the one in which the task now is."""

    PRODUCER = "routing"

    referral_id = fields.Id(required=True)
    agency = fields.Code(required=True)
    task_id = fields.Id(required=True)
    state = fields.Code(required=True)
    reason = fields.Code(allow_none=True, load_default=None)


class TaskAccepted(TaskMoved):
    """The agency takes the referral."""

    FACT = "task.accepted"


class TaskRejected(TaskMoved):
    """The agency cannot take the referral; somebody else is asked, or a person decides."""

    FACT = "task.rejected"


class TaskHeld(TaskMoved):
    """The task waits: for a place, for the child to be told, or for information that the agency asked for."""

    FACT = "task.held"


class TaskResumed(TaskMoved):
    """The task goes on where it was."""

    FACT = "task.resumed"


class TaskStarted(TaskMoved):
    """The agency's work with the family has begun."""

    FACT = "task.started"


class TaskCompleted(TaskMoved):
    """The agency has helped; the reason says how."""

    FACT = "task.completed"


class TaskFailed(TaskMoved):
    """The agency's work ended without help. That a family declines is never the agency's rejection."""

    FACT = "task.failed"


class TaskRecallAcknowledged(TaskMoved):
    """The agency has stopped, and destroyed what it held; the reason is that of the recall."""

    FACT = "task.recall-acknowledged"


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


class TaskDue(EventSchema):
    """Something that an agency owes is due today: `what` is `acknowledge`, `decide`, `contact` or `recall`."""

    PRODUCER, FACT = "routing", "task.due"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    agency = fields.Code(required=True)
    task_id = fields.Id(required=True)
    what = fields.Code(required=True)
    due = fields.Day(required=True)


class TaskOverdue(TaskDue):
    """What an agency owes was due before today and has not come. Nothing changes by it: it is chased."""

    FACT = "task.overdue"


class TaskAlerted(EventSchema):
    """Something that an agency with an open task should know today; what it is, is read at the task.

    `what` is `not-contacted`: the family hears nothing, though it should have; `contact-changed`: there is another safe
    way to reach it, to be read before the next word; `details-changed`: something was added or put right.
    """

    PRODUCER, FACT = "routing", "task.alerted"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    agency = fields.Code(required=True)
    task_id = fields.Id(required=True)
    what = fields.Code(required=True)
