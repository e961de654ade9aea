"""What the referrals service takes over HTTP: the shapes, field by field.

What one field can tell is checked here; what takes two fields, the directory, the places or today's date, in `checks`.
"""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from services.referrals import domain
from services.referrals.fields import Day, DayOrMonth, Email, Patterned, Telephone, Text, Word, length
from shared.http.pages import MOST, USUAL
from shared.places.spelling import canonical
from shared.rules.facts import KINDS, REFERRER_TYPES, RELATIONSHIPS, STAGES

MOST_CHILDREN = 12


class Body(Schema):
    """A part of a body: fields that nobody knows are refused, so that a misspelt one is not lost."""

    class Meta:
        unknown = RAISE


class Postcode(Text):
    """A postcode in any spacing, kept in the one way to write it; whether it exists is asked of the places."""

    def __init__(self, **options: Any) -> None:
        super().__init__(12, **options)

    def turn(self, text: str) -> str:
        return canonical(text) or text.strip()


class AgencyIds(fields.List):
    """Agencies by their ids in the directory."""

    def __init__(self, least: int = 0, **options: Any) -> None:
        super().__init__(Text(80), validate=length(least, 50), **options)


class School(Body):
    urn = Patterned(r"[0-9]{5,7}", "not-a-urn", "A URN is the school's number of 5 to 7 digits.", allow_none=True)
    postcode = Postcode(allow_none=True)


class Practice(Body):
    ods_code = Patterned(
        r"[A-Za-z0-9]{3,8}",
        "not-an-ods-code",
        "An ODS code is 3 to 8 letters and digits, like H84015.",
        allow_none=True,
    )
    postcode = Postcode(allow_none=True)


class Home(Body):
    postcode = Postcode(required=True)


class Referrer(Body):
    type = Word(*REFERRER_TYPES, required=True)
    name = Text(100, required=True)
    role = Text(100, allow_none=True)
    organisation = Text(200, allow_none=True)
    email = Email(allow_none=True)
    telephone = Telephone(allow_none=True)


class Child(Body):
    first_name = Text(100, required=True)
    last_name = Text(100, required=True)
    date_of_birth = Day(required=True)
    told = Word(*domain.TOLD, required=True)
    school = fields.Nested(School, allow_none=True)
    gp = fields.Nested(Practice, allow_none=True)


class Relative(Body):
    relationship = Word(*RELATIONSHIPS, required=True)
    stage = Word(*STAGES, required=True)
    released_on = DayOrMonth(allow_none=True)


class SafeChannel(Body):
    """One way to reach the family, and what is safe on it. What is not said is not safe."""

    safe = fields.Boolean(required=True)
    message = fields.Boolean()
    text = fields.Boolean()
    name_organisation = fields.Boolean()
    good_times = Text(200, allow_none=True)


class SafeContact(Body):
    telephone = fields.Nested(SafeChannel, allow_none=True)
    email = fields.Nested(SafeChannel, allow_none=True)
    letter = fields.Nested(SafeChannel, allow_none=True)
    through_referrer_only = fields.Boolean()


class FamilyContact(Body):
    name = Text(100, allow_none=True)
    relationship = Text(100, allow_none=True)
    telephone = Telephone(allow_none=True)
    email = Email(allow_none=True)
    address = Text(500, allow_none=True)
    safe_contact = fields.Nested(SafeContact, required=True)
    language = Patterned(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", "not-a-language", "Write a code like en or pa-Arab.")
    interpreter = fields.Boolean()
    access_needs = Text(1000, allow_none=True)


class Consent(Body):
    """An agreement; `expires_on` is its last day, where it was given for a time."""

    given_by = Word(*domain.CONSENT_GIVERS, required=True)
    name = Text(100, required=True)
    method = Word(*domain.CONSENT_METHODS, required=True)
    given_at = fields.AwareDateTime(required=True)
    wording_version = Patterned(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", "not-a-version", "Write a version like 2026-11.", required=True
    )
    agencies = AgencyIds(least=1, required=True)
    child_view = Word(*domain.CHILD_VIEWS, required=True)
    expires_on = Day(allow_none=True)


class Borough(Body):
    """A borough by its ONS code, or by the postcode of the workplace."""

    code = Text(9, allow_none=True)
    postcode = Postcode(allow_none=True)


class NewReferral(Body):
    """A referral of one family and up to twelve children, or a professional's question to an agency.

    `family-support` needs children, relative and home, and a family contact unless the family refers itself.
    `consultation` needs borough and question, and takes nothing about a family.
    """

    kind = Word(*KINDS, required=True)
    referrer = fields.Nested(Referrer, required=True)
    children = fields.List(fields.Nested(Child), validate=length(1, MOST_CHILDREN))
    relative = fields.Nested(Relative)
    home = fields.Nested(Home)
    family_contact = fields.Nested(FamilyContact, allow_none=True)
    needs = fields.List(Text(80), validate=validate.Length(max=50))
    notes = Text(5000, allow_none=True)
    preferred_agencies = AgencyIds()
    consent = fields.Nested(Consent, allow_none=True)
    borough = fields.Nested(Borough)
    question = Text(5000)


class Withdrawal(Body):
    """Why a referral is withdrawn."""

    reason = Word(*domain.WITHDRAWAL_REASONS, required=True)


class Reopening(Body):
    """Why a referral that had ended is looked at anew."""

    reason = Word(*domain.REOPENING_REASONS, required=True)


class EnteredInError(Body):
    """Why a referral should never have been made."""

    reason = Word(*domain.ERROR_REASONS, required=True)


class ConsentEnd(Body):
    """Who withdrew the agreement, and when."""

    withdrawn_by = Word(*domain.CONSENT_GIVERS, required=True)
    withdrawn_at = fields.AwareDateTime(required=True)


class ConsentChange(Body):
    """Agreement given later (it replaces what was agreed before), or withdrawn: one of the two."""

    given = fields.Nested(Consent)
    withdrawn = fields.Nested(ConsentEnd)


class ChildAmendment(Body):
    """What is new about a child of the referral; what is left out stays."""

    id = Text(36, required=True)
    first_name = Text(100)
    last_name = Text(100)
    date_of_birth = Day()
    told = Word(*domain.TOLD)
    school = fields.Nested(School)
    gp = fields.Nested(Practice)


class RelativeAmendment(Body):
    relationship = Word(*RELATIONSHIPS)
    stage = Word(*STAGES)
    released_on = DayOrMonth(allow_none=True)


class Amendment(Body):
    """Information that came later; what is left out stays."""

    home = fields.Nested(Home)
    relative = fields.Nested(RelativeAmendment)
    children = fields.List(fields.Nested(ChildAmendment), validate=length(1, MOST_CHILDREN))
    borough = fields.Nested(Borough)


class ContactChange(Body):
    """Another way to reach the family; what is left out stays, null takes away, `safe_contact` is replaced whole."""

    name = Text(100)
    relationship = Text(100)
    telephone = Telephone(allow_none=True)
    email = Email(allow_none=True)
    address = Text(500, allow_none=True)
    safe_contact = fields.Nested(SafeContact)


class NotContacted(Body):
    """That nobody has been in touch, though the day for it is over. There is nothing to add."""


class AccessCode(Body):
    """Whose referral, by its reference, and who asks: a code is sent to them in the way that is known to be safe."""

    reference = Text(40, required=True)
    role = Word(*domain.FOLLOWERS, required=True)


class Access(Body):
    """The `id` that was answered when the code was asked for, and the code."""

    id = Text(36, required=True)
    code = Text(20, required=True)


class AnonymousChild(Body):
    age = fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=0, max=domain.OLDEST_AGE))
    school = fields.Nested(School, allow_none=True)
    gp = fields.Nested(Practice, allow_none=True)


class EligibilityCheck(Body):
    """The facts of a referral without anybody in it. What is left out is not known."""

    kind = Word(*KINDS, required=True)
    referrer_type = Word(*REFERRER_TYPES, allow_none=True)
    home = fields.Nested(Home, allow_none=True)
    borough = fields.Nested(Borough, allow_none=True)
    children = fields.List(fields.Nested(AnonymousChild), validate=validate.Length(max=MOST_CHILDREN))
    relative = fields.Nested(RelativeAmendment, allow_none=True)


class ReferralsQuery(Schema):
    """Which referrals."""

    status = Word(*domain.STATES)
    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST), load_default=USUAL)
