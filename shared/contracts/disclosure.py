"""What an agency is shown of a family at one look: the answer of the one call that one service makes to another.

`referrals` gives it to `routing`, which hands it on unread. No event carries any of it. `told` and `safe_contact` come
first, since they say what may go wrong before anybody picks up a telephone.
"""

from marshmallow import RAISE, Schema, fields


class _Part(Schema):
    class Meta:
        unknown = RAISE


class DisclosedTold(_Part):
    """Whether one child knows where the relative is: `yes`, `partly`, `no` or `unknown`."""

    child = fields.String(required=True)
    told = fields.String(required=True)


class DisclosedChannel(_Part):
    """What is safe on one way to reach the family. What the family did not call safe is not."""

    safe = fields.Boolean(required=True)
    message = fields.Boolean(required=True)
    text = fields.Boolean(required=True)
    name_organisation = fields.Boolean(required=True)
    good_times = fields.String(required=True, allow_none=True)


class DisclosedSafeContact(_Part):
    """How the family may be reached; with `through_referrer_only` by nobody but the referrer."""

    through_referrer_only = fields.Boolean(required=True)
    telephone = fields.Nested(DisclosedChannel, required=True)
    email = fields.Nested(DisclosedChannel, required=True)
    letter = fields.Nested(DisclosedChannel, required=True)


class DisclosedChild(_Part):
    """A child that the task covers. `school` and `gp` hold code and postcode as far as they were given."""

    id = fields.String(required=True)
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    date_of_birth = fields.String(required=True)
    school = fields.Dict(required=True, allow_none=True)
    gp = fields.Dict(required=True, allow_none=True)


class DisclosedRelative(_Part):
    """The relative, without a name: relationship to the child, stage, and day or month of release."""

    relationship = fields.String(required=True)
    stage = fields.String(required=True)
    released_on = fields.String(required=True, allow_none=True)


class DisclosedFamilyContact(_Part):
    """Who to speak to. A number or address is there only where the family called that way safe."""

    name = fields.String(required=True, allow_none=True)
    relationship = fields.String(required=True, allow_none=True)
    telephone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    interpreter = fields.Boolean(required=True)
    access_needs = fields.String(required=True, allow_none=True)


class DisclosedReferrer(_Part):
    """Who referred. A family that refers itself is reached here, in the ways that it has not called unsafe."""

    type = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)
    organisation = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    telephone = fields.String(required=True, allow_none=True)


class DisclosedConsent(_Part):
    """The agreement that lets the agency see this."""

    given_by = fields.String(required=True)
    name = fields.String(required=True)
    method = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    wording_version = fields.String(required=True)
    child_view = fields.String(required=True)
    expires_on = fields.Date(required=True, allow_none=True)


class Disclosed(_Part):
    """A family as an agency with a task sees it; or a consultation: its borough, its question, and no family."""

    reference = fields.String(required=True)
    kind = fields.String(required=True)
    told = fields.List(fields.Nested(DisclosedTold))
    safe_contact = fields.Nested(DisclosedSafeContact)
    children = fields.List(fields.Nested(DisclosedChild))
    relative = fields.Nested(DisclosedRelative)
    home = fields.Dict()
    family_contact = fields.Nested(DisclosedFamilyContact, allow_none=True)
    needs = fields.List(fields.String())
    notes = fields.String(allow_none=True)
    consent = fields.Nested(DisclosedConsent)
    borough = fields.Dict()
    question = fields.String()
    referrer = fields.Nested(DisclosedReferrer, required=True)
