"""What routing takes and gives over HTTP, to an agency."""

from marshmallow import Schema, fields, validate

from services.routing.domain.tasks import STATES
from shared.http.pages import MOST, USUAL

LONGEST_WAIT = 30


class TaskSchema(Schema):
    """A task in a list. A cancelled one tells nothing of the family any more, only that the agency must stop."""

    id = fields.String(required=True)
    referral_id = fields.String(required=True)
    reference = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = fields.String(required=True, allow_none=True)
    children = fields.List(fields.String(), required=True)
    acknowledge_by = fields.Date(required=True)
    decide_by = fields.Date(required=True)
    contact_by = fields.Date(required=True)
    requested_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    recall_acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    actions = fields.List(fields.String(), required=True)


class TaskInFullSchema(TaskSchema):
    """One task, with the receipt of the decision; null once the task is cancelled."""

    receipt = fields.Dict(required=True, allow_none=True)


class TasksPageSchema(Schema):
    """A page of tasks, the newest first."""

    items = fields.List(fields.Nested(TaskSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class TasksQuerySchema(Schema):
    """Which tasks."""

    state = fields.String(validate=validate.OneOf(STATES))
    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST), load_default=USUAL)


class EventsPageSchema(Schema):
    """What an agency hears, in order, as CloudEvents; ask again with `next`, which is never null."""

    events = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True)


class EventsQuerySchema(Schema):
    """Events after a cursor (from the first one where there is none); with nothing there, wait so many seconds."""

    after = fields.String()
    wait = fields.Integer(validate=validate.Range(0, LONGEST_WAIT), load_default=0)
    limit = fields.Integer(validate=validate.Range(1, MOST), load_default=USUAL)
