"""What the referrals service says: a referral was received, changed or ended; consent was given or ended.

Districts, ages in years and codes only: who the family is stays in that service.
"""

from marshmallow import EXCLUDE, Schema
from marshmallow.fields import Dict, List, Nested

from shared.contracts import fields
from shared.contracts.envelope import EventSchema


class _Part(Schema):
    class Meta:
        unknown = EXCLUDE


class Place(_Part):
    """Where something is, and what that was known by; `place` is null when it is not known."""

    place = fields.PlaceCode(required=True, allow_none=True)
    basis = fields.Code(required=True)


class Child(_Part):
    """One referred child: an age, and where school and practice are."""

    id = fields.Id(required=True)
    age = fields.Count(required=True)
    school = Nested(Place, required=True)
    practice = Nested(Place, required=True)


class Months(_Part):
    """Whole months since release, rounded up; two numbers because only the month of release may be known."""

    low = fields.Count(required=True)
    high = fields.Count(required=True)


class ReferralSubmitted(EventSchema):
    """A referral was accepted; with `consent_scope` empty it waits for the family's agreement.

    `possible_duplicates` are other referrals that may be of the same child.
    """

    PRODUCER, FACT = "referrals", "referral.submitted"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    kind = fields.Code(required=True)
    referrer_type = fields.Code(required=True)
    received_on = fields.Day(required=True)
    relationship = fields.Code(allow_none=True, load_default=None)
    stage = fields.Code(allow_none=True, load_default=None)
    release_month = fields.Month(allow_none=True, load_default=None)
    months_since_release = Nested(Months, allow_none=True, load_default=None)
    home = Nested(Place, required=True)
    borough = Nested(Place, required=True)
    children = List(Nested(Child), required=True)
    consent_scope = List(fields.Code(), required=True)
    chosen_agencies = List(fields.Code(), required=True)
    data_releases = Dict(keys=fields.Code(), values=fields.Release(), required=True)
    possible_duplicates = List(fields.Id(), load_default=list)


class ReferralAmended(ReferralSubmitted):
    """Information came in after submission: the facts as they now stand, to be decided on again."""

    FACT = "referral.amended"


class ReferralReopened(ReferralSubmitted):
    """A referral that had ended is looked at anew, with the facts as they now stand; agencies may be asked again."""

    FACT = "referral.reopened"

    reason = fields.Code(required=True)


class ReferralWithdrawn(EventSchema):
    """The referral was withdrawn: everything about it stops."""

    PRODUCER, FACT = "referrals", "referral.withdrawn"

    referral_id = fields.Id(required=True)
    reason = fields.Code(required=True)


class ReferralClosed(ReferralWithdrawn):
    """The referral has ended: every task has, or the agreement that it waited for never came."""

    FACT = "referral.closed"


class ReferralEnteredInError(ReferralWithdrawn):
    """The referral should never have been made: everything about it stops."""

    FACT = "referral.entered-in-error"


class ReferralErased(ReferralWithdrawn):
    """All that is held about the family is destroyed, for good: whoever holds any of it destroys it too."""

    FACT = "referral.erased"


class ReferralNotContacted(EventSchema):
    """Nobody has been in touch, though the day for it is over: says the family, or whoever referred it (`by`)."""

    PRODUCER, FACT = "referrals", "referral.not-contacted"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    by = fields.Code(required=True)


class ContactChanged(ReferralNotContacted):
    """The family is to be reached in another way from now on: whoever has the referral in hand must look again."""

    FACT = "contact.changed"


class CodeRequested(EventSchema):
    """Somebody asks for a one-time code, to be sent to `audience`: `referrer` or `family`.

    The code is not in it, nor stored anywhere: who sends the message asks for it with the recipient, by this event's id.
    """

    PRODUCER, FACT = "referrals", "code.requested"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    audience = fields.Code(required=True)


class ConsentGiven(EventSchema):
    """The family's agreement was recorded; `scope` is all that it now covers."""

    PRODUCER, FACT = "referrals", "consent.given"

    referral_id = fields.Id(required=True)
    consent_id = fields.Id(required=True)
    scope = List(fields.Code(), required=True)


class ConsentAwaited(EventSchema):
    """The family's agreement is still missing; on `closes_on` the referral is closed without it."""

    PRODUCER, FACT = "referrals", "consent.awaited"

    referral_id = fields.Id(required=True)
    reference = fields.Reference(required=True)
    closes_on = fields.Day(required=True)


class ConsentWithdrawn(EventSchema):
    """The family's agreement ended; `scope` is what it covered until now."""

    PRODUCER, FACT = "referrals", "consent.withdrawn"

    referral_id = fields.Id(required=True)
    consent_id = fields.Id(required=True)
    scope = List(fields.Code(), required=True)


class ConsentExpired(ConsentWithdrawn):
    """The time for which the family agreed is over; `scope` is what it covered until now."""

    FACT = "consent.expired"
