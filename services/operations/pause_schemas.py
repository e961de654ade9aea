"""What the API of pauses takes and gives."""

from marshmallow import Schema, fields, validate

TARGET = validate.Length(1, 160)


class NewPause(Schema):
    """A service's name, or an agency's id with a channel: `routing`, `families-apart.webhook`; and why."""

    target = fields.String(required=True, validate=TARGET)
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class Paused(Schema):
    """What is paused now."""

    target = fields.String(required=True)


class Pauses(Schema):
    """Every pause with its reason, who acted, since when, and how much waits; `silent` are services that do not answer."""

    items = fields.List(fields.Dict(), required=True)
    silent = fields.List(fields.String(), required=True)


class Resumed(Schema):
    """What goes on, and since when it was paused."""

    target = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
