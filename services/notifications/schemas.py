"""What notifications takes and gives over HTTP: the recipient that `referrals` names, and deliveries for operations."""

from marshmallow import EXCLUDE, Schema, fields, validate

from shared.contracts.fields import CODE

_Code = validate.Regexp(CODE)


class RecipientSchema(Schema):
    """Where a message about a referral may go: a channel and an address, or no channel and the reason."""

    class Meta:
        unknown = EXCLUDE

    channel = fields.String(required=True, allow_none=True, validate=_Code)
    address = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=3, max=254))
    may_text = fields.Boolean(load_default=False)
    link = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))
    code = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{6}$"))
    reason = fields.String(load_default="no-address", validate=[_Code, validate.Length(max=80)])


class DeliverySchema(Schema):
    """A delivery as operations see it: no address, since none is kept."""

    id = fields.String()
    referral_id = fields.String()
    reference = fields.String()
    template = fields.String()
    audience = fields.String()
    agency = fields.String()
    status = fields.String()
    attempts = fields.Integer()
    problem = fields.String()
    channel = fields.String()
    receipt = fields.String()
    created_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime()
