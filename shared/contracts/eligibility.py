"""What the eligibility service says: which agencies can take a referral, for which children, and why."""

from marshmallow import EXCLUDE, Schema
from marshmallow.fields import Dict, List, Nested

from shared.contracts import fields
from shared.contracts.envelope import EventSchema


class Outcome(Schema):
    """One agency's outcome: for the family, and for each child by id. `missing` are the facts that would decide it."""

    class Meta:
        unknown = EXCLUDE

    agency = fields.Code(required=True)
    outcome = fields.Code(required=True)
    children = Dict(keys=fields.Id(), values=fields.Code(), required=True)
    missing = List(fields.Code(), load_default=list)
    receipt = fields.Receipt(required=True)


class EligibilityAssessed(EventSchema):
    """The facts of a referral were held against every agency's rules; `assessed` is the sequence of the facts it used."""

    PRODUCER, FACT = "eligibility", "eligibility.assessed"

    referral_id = fields.Id(required=True)
    facts_sequence = fields.Count(required=True)
    directory_version = fields.Id(required=True)
    outcomes = List(Nested(Outcome), required=True)
