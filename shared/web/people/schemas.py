"""What HTTP takes and gives about people: the API and the pages' forms alike."""

from marshmallow import Schema, fields, validate

from shared.web.people.roles import ROLES

_ROLE = validate.OneOf(sorted({role for roles in ROLES.values() for role in roles}))
_EMAIL_LONGEST = 254


class NameSchema(Schema):
    """What somebody is called, as they want their colleagues to see it."""

    name = fields.String(required=True, validate=validate.Length(1, 100))


class RoleSchema(Schema):
    """What somebody may do from now on."""

    role = fields.String(required=True, validate=_ROLE)


class NewInvitationSchema(RoleSchema):
    """Whom to invite, and as what."""

    email = fields.Email(required=True, validate=validate.Length(max=_EMAIL_LONGEST))


class PersonSchema(RoleSchema):
    """Somebody who may sign in, or could until `ended_at`. `by_openid` is true where their own organisation signs them in."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    by_openid = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class PeopleSchema(Schema):
    """The organisation's people, those who have ended last."""

    items = fields.List(fields.Nested(PersonSchema), required=True)


class InvitationSchema(RoleSchema):
    """Somebody who was invited and has not accepted yet."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


class InvitationsSchema(Schema):
    """The organisation's open invitations, the oldest first."""

    items = fields.List(fields.Nested(InvitationSchema), required=True)


class NewInvitationShownSchema(InvitationSchema):
    """A new invitation, and the address to pass on to whom it is for. The address is shown this once."""

    address = fields.String(required=True)
