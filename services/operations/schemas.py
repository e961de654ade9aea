"""What operations' HTTP takes and gives."""

from marshmallow import Schema, fields, validate

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
