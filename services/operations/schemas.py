"""What operations' HTTP takes and gives."""

from marshmallow import Schema, fields, validate

from shared.database.types import LARGEST_KEY
from shared.http.pages import MOST

NAME = validate.Length(1, 80)


class Overview(Schema):
    """Counts and ages of every service and agency, what is of concern, the worst level of it, the broker's alarms, disks."""

    all_well = fields.Boolean(required=True)
    state = fields.String(required=True)
    concerns = fields.List(fields.Dict(), required=True)
    alarms = fields.List(fields.String(), required=True)
    services = fields.List(fields.Dict(), required=True)
    agencies = fields.List(fields.Dict(), required=True)
    disks = fields.List(fields.Dict(), required=True)


class _Which(Schema):
    """Of a group, by its number at its service; or of these errors, places, event types, or this referral."""

    group = fields.Integer(validate=validate.Range(1, LARGEST_KEY))
    error = fields.String(validate=NAME)
    place = fields.String(validate=validate.Length(1, 200))
    type = fields.String(validate=validate.Length(1, 120))
    subject = fields.String(validate=NAME)


class GroupsQuery(_Which):
    """Which groups to list: of all services, or of one."""

    service = fields.String(validate=NAME)


class ParkedQuery(_Which):
    """Which parked messages to list."""

    service = fields.String(required=True, validate=NAME)
    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST))


class ParkedPage(Schema):
    """Parked messages, without their bodies; ask again with `next` as the cursor."""

    messages = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True, allow_none=True)


class ParkedMessage(Schema):
    """One message. In `body` and those of `versions`, codes and ids are shown and all else is masked."""

    event_id = fields.String(required=True)
    state = fields.String(required=True)
    mendable = fields.Boolean(required=True)
    body = fields.Raw(required=True)
    versions = fields.List(fields.Dict(), required=True)
    type = fields.String()
    subject = fields.String()
    error = fields.String()
    place = fields.String()
    attempts = fields.Integer()
    size = fields.Integer()
    failed_at = fields.AwareDateTime()
    first_failed_at = fields.AwareDateTime()
    parked_at = fields.AwareDateTime(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    job_id = fields.String(allow_none=True)


class Mend(Schema):
    """The whole message as it should be, as JSON in a text. What is left masked stays as it was."""

    text = fields.String(required=True, validate=validate.Length(1, 262_144))


class Mended(Schema):
    """The number of the new version; the first is how the message came."""

    version = fields.Integer(required=True)


class Groups(Schema):
    """Parked messages counted by what went wrong and where; `id` is the group's number at its service."""

    groups = fields.List(fields.Dict(), required=True)


class Retry(Schema):
    """Which parked messages of a service to try again."""

    service = fields.String(required=True, validate=NAME)
    ids = fields.List(fields.String(validate=NAME), required=True, validate=validate.Length(1, 1000))


class Discard(Retry):
    """Which parked messages of a service to give up, and why."""

    reason = fields.String(required=True, validate=validate.Length(3, 500))


class NewJob(_Which):
    """All messages of a service that match; none named means all of them. `pace` is messages a second."""

    service = fields.String(required=True, validate=NAME)
    action = fields.String(load_default="retry", validate=validate.OneOf(["retry", "discard"]))
    pace = fields.Integer(load_default=20, validate=validate.Range(1, 1000))
    reason = fields.String(validate=validate.Length(3, 500))


class Job(Schema):
    """Of `total` messages, `moved` were handed over; of these some `succeeded`, are `under_way`, or `failed_again`."""

    id = fields.String(required=True)
    action = fields.String(required=True)
    state = fields.String(required=True)
    total = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    succeeded = fields.Integer(required=True)
    under_way = fields.Integer(required=True)
    failed_again = fields.Integer(required=True)
    pace = fields.Integer(required=True)
    actor = fields.String(required=True)
    begun_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    stopped_by = fields.String(required=True, allow_none=True)


class Done(Schema):
    """How many messages an action reached."""

    retried = fields.Integer()
    discarded = fields.Integer()


class _PageQuery(Schema):
    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST))


class AuditQuery(Schema):
    """Whose audit, about what, by whom, of which kind; a page of it."""

    service = fields.String(required=True, validate=NAME)
    subject = fields.String(validate=NAME)
    action = fields.String(validate=NAME)
    actor = fields.String(validate=NAME)
    cursor = fields.String()
    limit = fields.String(validate=validate.Length(1, 3))


class ReviewsQuery(_PageQuery):
    """Which referrals to list: all that wait for a person, or those of one reason."""

    reason = fields.String(validate=NAME)


class RecallsQuery(_PageQuery):
    """Which recalls to list: those that nobody has acknowledged, or any."""

    acknowledged = fields.String(validate=validate.OneOf(["false", "any"]))


class Page(Schema):
    """A page, the oldest first; ask again with `next` as the cursor."""

    items = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True, allow_none=True)


class Review(Schema):
    """One referral as routing knows it: no name, no address, and receipts that hold none."""

    referral_id = fields.String(required=True)
    reference = fields.String(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    agencies = fields.List(fields.String(), required=True)
    basis = fields.List(fields.Integer(), required=True)
    chosen = fields.List(fields.String(), required=True)
    may_route_to = fields.List(fields.String(), required=True)
    outcomes = fields.List(fields.Dict(), required=True)
    duplicates = fields.List(fields.Dict(), required=True)
    tasks = fields.List(fields.Dict(), required=True)
    rulings = fields.List(fields.Dict(), required=True)
    changed_at = fields.AwareDateTime(required=True)


class Choice(Schema):
    """What a person may decide. `route` names the agency; `decide-again` says that what was in question is settled."""

    decision = fields.String(required=True, validate=validate.OneOf(["route", "not-eligible", "decide-again"]))
    agency = fields.String(validate=NAME)


class Ruling(Choice):
    """A person's decision and why. With the `basis` that they saw it is refused once facts or consent have changed."""

    reason = fields.String(required=True, validate=validate.Length(3, 500))
    basis = fields.List(fields.Integer(), validate=validate.Length(equal=2))


class Ruled(Schema):
    """Where the referral now stands."""

    status = fields.String(required=True)
    agencies = fields.List(fields.String(), required=True)
    codes = fields.List(fields.String(), required=True)


class Outlook(Ruled):
    """Where the referral would stand, who would be asked, and from whom it would be taken back."""

    asks = fields.List(fields.String(), required=True)
    takes_back = fields.List(fields.String(), required=True)
    basis = fields.List(fields.Integer(), required=True)


class Overdue(Schema):
    """What agencies owe and is late, the longest due first: how much, how much of it escalated, and the first 500."""

    overdue = fields.Integer(required=True)
    escalated = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)


class Rehearse(Schema):
    """Which agency to rehearse."""

    agency = fields.String(required=True, validate=NAME)


class RehearsalBegun(Schema):
    """The rehearsal, by which to ask for its report."""

    id = fields.String(required=True)


class RehearsalRecalled(Schema):
    """Whether the recall was sent: it is not, once the task has ended."""

    recalled = fields.Boolean(required=True)


class RehearsalStep(Schema):
    """What was sent, what the agency called (`refused` with a 409), whether it went well, and that in words."""

    step = fields.String(required=True)
    task_id = fields.String(required=True)
    sent = fields.String(required=True)
    read = fields.Boolean(required=True)
    did = fields.List(fields.String(), required=True)
    refused = fields.List(fields.String(), required=True)
    well = fields.Boolean(required=True)
    verdict = fields.String(required=True)


class Rehearsal(Schema):
    """A rehearsal as it stands now."""

    id = fields.String(required=True)
    agency = fields.String(required=True)
    steps = fields.List(fields.Nested(RehearsalStep), required=True)
