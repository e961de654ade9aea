"""What the referrals service gives over HTTP: the shapes, for the published contract."""

from marshmallow import Schema, fields

from services.referrals import domain
from services.referrals.fields import Word
from shared.rules.facts import KINDS


class Accepted(Schema):
    """The answer to a referral that was taken. `tracking_url` is a page for whoever may know of it."""

    id = fields.String(required=True)
    reference = fields.String(required=True)
    status = Word(*domain.STATES, required=True)
    tracking_url = fields.Url(required=True)


class Changed(Schema):
    """The answer to a change: where the referral now stands."""

    id = fields.String(required=True)
    reference = fields.String(required=True)
    status = Word(*domain.STATES, required=True)


class CodeAsked(Schema):
    """The answer to whoever asks for a code, also where there is nobody to send one to; `minutes`: how long it works."""

    id = fields.String(required=True)
    minutes = fields.Integer(required=True)


class Opened(Schema):
    """A pass: sent as `Authorization: Bearer …` it opens one referral. It ends after half an hour without use."""

    token = fields.String(required=True)
    referral_id = fields.String(required=True)
    role = Word(*domain.FOLLOWERS, required=True)
    expires_at = fields.AwareDateTime(required=True)


class Listed(Schema):
    """A referral in a list: nothing about anybody."""

    id = fields.String(required=True)
    reference = fields.String(required=True)
    kind = Word(*KINDS, required=True)
    status = Word(*domain.STATES, required=True)
    received_at = fields.AwareDateTime(required=True)


class ReferralPage(Schema):
    items = fields.List(fields.Nested(Listed), required=True)
    next = fields.String(required=True, allow_none=True)


class TimelineEntry(Schema):
    """What happened: a code, its details as codes, and a sentence."""

    at = fields.AwareDateTime(required=True)
    type = fields.String(required=True)
    detail = fields.Dict(required=True)
    text = fields.String(required=True)


class AskedAgency(Schema):
    """One agency that was asked: where its task stands, and what it owes next, by which day."""

    agency = fields.String(required=True)
    name = fields.String(required=True)
    task_id = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    owes = fields.String(required=True, allow_none=True)
    by = fields.Date(required=True, allow_none=True)
    late = fields.Boolean(required=True)


class Timeline(Schema):
    """What happens next in sentences, who was asked, what is wanted of you, what happened.

    `first_contact_by`: when somebody should be in touch.
    """

    next = fields.List(fields.String(), required=True)
    asked = fields.List(fields.Nested(AskedAgency), required=True)
    wanted = fields.List(fields.String(), required=True)
    first_contact_by = fields.Date(required=True, allow_none=True)
    may_say_not_contacted = fields.Boolean(required=True)
    items = fields.List(fields.Nested(TimelineEntry), required=True)


class Recipient(Schema):
    """Where a message may go, and what is safe there; `channel` null: nowhere, and `reason` says why."""

    channel = fields.String(required=True, allow_none=True)
    address = fields.String()
    may_leave_message = fields.Boolean()
    may_text = fields.Boolean()
    name_organisation = fields.Boolean()
    code = fields.String()
    reference = fields.String()
    link = fields.Url()
    reason = fields.String()


class Recipients(Schema):
    """An answer for each reader that was asked about, in that order."""

    recipients = fields.List(fields.Nested(Recipient), required=True)


class ShownReceipt(Schema):
    """One agency's answer, and its whole reasoning."""

    agency = fields.String(required=True)
    name = fields.String(required=True)
    outcome = fields.String(required=True)
    children = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    missing = fields.List(fields.String(), required=True)
    receipt = fields.Dict(required=True)


class Shown(Listed):
    """A referral as its referrer sees it: what they said, what may be done now, and the newest receipts."""

    allowed = fields.List(fields.String(), required=True)
    referral = fields.Dict(required=True)
    receipts = fields.List(fields.Nested(ShownReceipt), required=True)


class Signpost(Schema):
    """Somebody to be told of who takes no referrals."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    telephone = fields.String(required=True, allow_none=True)
    website = fields.String(required=True, allow_none=True)


class Checked(Schema):
    """The answer to an anonymous question; children are called by their place in the list, from 1."""

    directory_version = fields.String(required=True)
    agencies = fields.List(fields.Nested(ShownReceipt), required=True)
    signposts = fields.List(fields.Nested(Signpost), required=True)
