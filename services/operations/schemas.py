"""What operations' HTTP takes and gives."""

from marshmallow import Schema, fields, validate

from shared.http.pages import MOST

NAME = validate.Length(1, 80)


class Overview(Schema):
    """Every service's counts: waiting, in flight, due for retry, parked, unsent, and the ages of the oldest."""

    all_well = fields.Boolean(required=True)
    services = fields.List(fields.Dict(), required=True)


class ParkedQuery(Schema):
    """Which parked messages to list."""

    service = fields.String(required=True, validate=NAME)
    error = fields.String(validate=NAME)
    after = fields.String(validate=NAME)


class ParkedPage(Schema):
    """Parked messages, without their bodies."""

    messages = fields.List(fields.Dict(), required=True)


class Groups(Schema):
    """Parked messages of all services, counted by what went wrong and where."""

    groups = fields.List(fields.Dict(), required=True)


class Retry(Schema):
    """Which parked messages of a service to try again: by id, or all of one error."""

    service = fields.String(required=True, validate=NAME)
    ids = fields.List(fields.String(validate=NAME), validate=validate.Length(1, 1000))
    error = fields.String(validate=NAME)


class Discard(Schema):
    """Which parked messages of a service to give up, and why."""

    service = fields.String(required=True, validate=NAME)
    ids = fields.List(fields.String(validate=NAME), required=True, validate=validate.Length(1, 1000))
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class Done(Schema):
    """How many messages an action reached."""

    retried = fields.Integer()
    discarded = fields.Integer()


class _PageQuery(Schema):
    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST))


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
    chosen = fields.List(fields.String(), required=True)
    may_route_to = fields.List(fields.String(), required=True)
    outcomes = fields.List(fields.Dict(), required=True)
    duplicates = fields.List(fields.Dict(), required=True)
    tasks = fields.List(fields.Dict(), required=True)
    rulings = fields.List(fields.Dict(), required=True)
    changed_at = fields.AwareDateTime(required=True)


class Ruling(Schema):
    """A person's decision and why. `route` names the agency; `decide-again` says that what was in question is settled."""

    decision = fields.String(required=True, validate=validate.OneOf(["route", "not-eligible", "decide-again"]))
    agency = fields.String(validate=NAME)
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class Ruled(Schema):
    """Where the referral now stands."""

    status = fields.String(required=True)
    agencies = fields.List(fields.String(), required=True)
    codes = fields.List(fields.String(), required=True)


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
