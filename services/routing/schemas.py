"""What routing takes and gives over HTTP, to an agency."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.routing.capacity import OPEN
from services.routing.capacity import STATES as CAPACITIES
from services.routing.domain.lists import SORTS, WHICH
from services.routing.domain.tasks import HOW_COMPLETED, ITEMS, STATES, WHY_FAILED, WHY_HELD, WHY_REJECTED
from services.routing.due import OWED
from shared.http.pages import MOST, USUAL

LONGEST_WAIT = 30
LONGEST_NOTE = 4000
LONGEST_WORKER = 254
"""As long as an e-mail address may be."""


class TaskSchema(Schema):
    """A task in a list. A cancelled one tells nothing of the family any more, only that the agency must stop.

    `due` is when the agency owes something next, and `owes` what: to see the task, to answer, to reach the family, to
    confirm a recall. `ages` are those of the children that the receipt knows, on the day the referral was received.
    """

    id = fields.String(required=True)
    referral_id = fields.String(required=True)
    reference = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True, allow_none=True)
    children = fields.List(fields.String(), required=True)
    ages = fields.List(fields.Integer(), required=True)
    due = fields.Date(required=True, allow_none=True)
    owes = fields.String(required=True, allow_none=True, validate=validate.OneOf(OWED))
    acknowledge_by = fields.Date(required=True)
    decide_by = fields.Date(required=True)
    contact_by = fields.Date(required=True)
    requested_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    recall_acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    capacity = fields.String(required=True, validate=validate.OneOf(CAPACITIES))
    capacity_until = fields.Date(required=True, allow_none=True)
    items = fields.List(fields.String(), required=True)
    assigned = fields.Boolean(required=True)
    worker = fields.String(required=True, allow_none=True)
    actions = fields.List(fields.String(), required=True)


class MoveSchema(Schema):
    """One move of a task: when, by whom (`agency` or `system`, and with which key), from where to where, and why."""

    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    role = fields.String(required=True)
    actor = fields.String(required=True)
    state = fields.String(required=True)
    next = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class TaskInFullSchema(TaskSchema):
    """One task, with its history and the receipt of the decision.

    `reasons` are those of each action that wants one. Receipt, worker and notes are not shown once the task is cancelled.
    """

    receipt = fields.Dict(required=True, allow_none=True)
    reasons = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    moves = fields.List(fields.Nested(MoveSchema), required=True)


class AcknowledgeSchema(Schema):
    """The state that the task is thought to be in."""

    expected_state = fields.String(validate=validate.OneOf(STATES))


class ActSchema(AcknowledgeSchema):
    """What may be said with every action: a note, and the state that the task is thought to be in."""

    note = fields.String(validate=validate.Length(1, LONGEST_NOTE))


class RejectSchema(ActSchema):
    """Why the agency cannot take the referral."""

    reason = fields.String(required=True, validate=validate.OneOf(WHY_REJECTED))


class HoldSchema(ActSchema):
    """What the task waits for."""

    reason = fields.String(required=True, validate=validate.OneOf(WHY_HELD))


class CompleteSchema(ActSchema):
    """How the agency has helped."""

    reason = fields.String(required=True, validate=validate.OneOf(HOW_COMPLETED))


class FailSchema(ActSchema):
    """Why the work ended without help."""

    reason = fields.String(required=True, validate=validate.OneOf(WHY_FAILED))


class RequestInformationSchema(ActSchema):
    """What the referrer is asked for."""

    items = fields.List(
        fields.String(validate=validate.OneOf(ITEMS)), required=True, validate=validate.Length(1, len(ITEMS))
    )


class AssignSchema(ActSchema):
    """Who works on the task from now on: the e-mail address of one who signs in, or the agency's own words; null for nobody.

    `instead_of` names who does now: needed where somebody does, so that two who assign at once do not overwrite each other.
    """

    worker = fields.String(required=True, allow_none=True, validate=validate.Length(1, LONGEST_WORKER))
    instead_of = fields.String(validate=validate.Length(1, LONGEST_WORKER))


class NoteSchema(ActSchema):
    """A note, which only the agency itself is shown."""

    note = fields.String(required=True, validate=validate.Length(1, LONGEST_NOTE))


SAID: Mapping[str, type[Schema]] = {
    "accept": ActSchema,
    "reject": RejectSchema,
    "hold": HoldSchema,
    "resume": ActSchema,
    "start": ActSchema,
    "complete": CompleteSchema,
    "fail": FailSchema,
    "request-information": RequestInformationSchema,
    "assign": AssignSchema,
    "note": NoteSchema,
    "acknowledge-recall": AcknowledgeSchema,
}
"""What is said with each action."""


class CapacitySchema(Schema):
    """Whether the agency has room, and the last day on which that holds, where it is known."""

    state = fields.String(required=True, validate=validate.OneOf(CAPACITIES))
    until = fields.Date(allow_none=True, load_default=None)

    @validates_schema
    def _only_limits_end(self, data: dict[str, Any], **_: Any) -> None:
        if data["until"] is not None and data["state"] == OPEN:
            raise ValidationError("not-for-open", "until")


class TasksPageSchema(Schema):
    """A page of tasks, in the order that was asked for."""

    items = fields.List(fields.Nested(TaskSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class TasksTableQuerySchema(Schema):
    """Which tasks, and in which order.

    `sort=due` puts first what is due first, and leaves out what is over. `reference` is how references begin; its answer
    is in their order. `worker` is a `worker_id` of the workload, and finds what that worker has that is not over.
    """

    which = fields.String(validate=validate.OneOf(WHICH))
    state = fields.String(validate=validate.OneOf(STATES))
    worker = fields.String()
    reference = fields.String()
    sort = fields.String(validate=validate.OneOf(SORTS), load_default=SORTS[0])


class TasksQuerySchema(TasksTableQuerySchema):
    """The same, a page at a time."""

    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST), load_default=USUAL)


class StateCountSchema(Schema):
    """How many tasks are in an open state."""

    state = fields.String(required=True)
    tasks = fields.Integer(required=True)


class WorkerCountSchema(Schema):
    """How many open tasks somebody has; `worker` is null for those that nobody works on. `worker_id` finds them in the list."""

    worker = fields.String(required=True, allow_none=True)
    worker_id = fields.String(required=True, allow_none=True)
    open = fields.Integer(required=True)
    overdue = fields.Integer(required=True)


class WaitingCountSchema(Schema):
    """How many tasks have waited for an answer for so many whole days; null for no upper end."""

    from_days = fields.Integer(required=True)
    to_days = fields.Integer(required=True, allow_none=True)
    tasks = fields.Integer(required=True)


class MonthSchema(Schema):
    """What happened in a month, and the median of days since the referral came until the answer, and until work began."""

    month = fields.String(required=True)
    requested = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    days_to_decide = fields.Float(required=True, allow_none=True)
    days_to_start = fields.Float(required=True, allow_none=True)


class WorkloadSchema(Schema):
    """An agency's work as numbers: what is open now, and what came of it in the last twelve months, this one last."""

    as_of = fields.AwareDateTime(required=True)
    states = fields.List(fields.Nested(StateCountSchema), required=True)
    overdue = fields.Integer(required=True)
    due_today = fields.Integer(required=True)
    recalled = fields.Integer(required=True)
    workers = fields.List(fields.Nested(WorkerCountSchema), required=True)
    waiting = fields.List(fields.Nested(WaitingCountSchema), required=True)
    months = fields.List(fields.Nested(MonthSchema), required=True)


class EventsPageSchema(Schema):
    """What an agency hears, in order, as CloudEvents; ask again with `next`, which is never null."""

    events = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True)


class EventsQuerySchema(Schema):
    """Events after a cursor (from the first one where there is none); with nothing there, wait so many seconds."""

    after = fields.String()
    wait = fields.Integer(validate=validate.Range(0, LONGEST_WAIT), load_default=0)
    limit = fields.Integer(validate=validate.Range(1, MOST), load_default=USUAL)
