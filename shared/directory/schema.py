"""What a directory file holds: an entry in the words of Open Referral UK, and for an agency its rules and terms.

Unknown keys are mistakes, so that a misspelt key cannot pass for a rule. Whatever the schema lets through, the reader
can build.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.directory.criteria_schema import CHILD_SCOPE, FAMILY_SCOPE, EntryId, Tree, Words, clauses_in
from shared.rules.facts import FAMILY_FACTS, PLACE_CODE

CHANNELS = ("queue", "feed", "e-mail")
CAPACITIES = ("open", "waiting-list", "closed")
CODE = validate.Regexp(rf"(?:{PLACE_CODE.pattern})\Z", error="is no place. Use an ONS code like E09000021.")
TELEPHONE = validate.Regexp(r"[0-9+ ]{3,}\Z", error="is no telephone number. Use digits and spaces, in quotes.")


class _Organization(Schema):
    name = Words(required=True)
    description = Words(required=True)
    website = fields.Url(allow_none=True, required=True)
    email = fields.Email(allow_none=True, required=True)


class _Service(Schema):
    name = Words(required=True)
    description = Words(required=True)
    url = fields.Url(allow_none=True, required=True)
    email = fields.Email(allow_none=True, required=True)
    eligibility_description = Words(required=True)
    minimum_age = fields.Integer(allow_none=True, required=True, strict=True)
    maximum_age = fields.Integer(allow_none=True, required=True, strict=True)
    application_process = Words(allow_none=True, required=True)


class _Phone(Schema):
    number = fields.String(required=True, validate=TELEPHONE)
    description = Words(required=True)


class _Location(Schema):
    address = Words(required=True)


class _Area(Schema):
    name = Words(required=True)
    code = fields.String(required=True, validate=CODE)


class _Schedule(Schema):
    description = Words(required=True)


class _Language(Schema):
    code = fields.String(required=True, validate=validate.Regexp(r"[a-z]{2,3}\Z", error="is no language code like en."))
    name = Words(required=True)


class _Source(Schema):
    name = Words(required=True)
    url = fields.Url(allow_none=True, required=True)


class Entry(Schema):
    """What every entry has, signpost or agency."""

    id = EntryId(required=True)
    kind = fields.String(required=True)
    organization = fields.Nested(_Organization, required=True)
    service = fields.Nested(_Service, required=True)
    phones = fields.List(fields.Nested(_Phone), required=True)
    locations = fields.List(fields.Nested(_Location), required=True)
    service_areas = fields.List(fields.Nested(_Area), required=True)
    offers = fields.List(Words(), required=True)
    schedules = fields.List(fields.Nested(_Schedule), required=True)
    languages = fields.List(fields.Nested(_Language), required=True)
    sources = fields.Dict(keys=EntryId(), values=fields.Nested(_Source), required=True, validate=validate.Length(min=1))
    verified_on = fields.Date(allow_none=True, required=True)


class _Need(Schema):
    code = EntryId(required=True)
    name = Words(required=True)


class _Sentence(Schema):
    source = fields.String(required=True)
    text = Words(required=True)


class _Criteria(Schema):
    family = Tree(FAMILY_SCOPE, required=True)
    child = Tree(CHILD_SCOPE, load_default=None)
    consultation = Tree(tuple(FAMILY_FACTS), load_default=None)


def _review_of(scope: tuple[str, ...]) -> type[Schema]:
    class _Review(Schema):
        id = EntryId(required=True)
        when = Tree(scope, required=True)
        instead_of = fields.List(fields.String(), load_default=list)
        even_if_eligible = fields.Boolean(load_default=False)
        reason = Words(required=True)

        @validates_schema
        def _one_effect(self, data: dict[str, Any], **_: Any) -> None:
            if bool(data["instead_of"]) == data["even_if_eligible"]:
                raise ValidationError("has no clear effect. Give it either instead_of or `even_if_eligible: true`.")

    return _Review


class _Reviews(Schema):
    family = fields.List(fields.Nested(_review_of(FAMILY_SCOPE)), load_default=list)
    child = fields.List(fields.Nested(_review_of(CHILD_SCOPE)), load_default=list)


class _Consent(Schema):
    wording_version = Words(required=True)
    wording = Words(required=True)


class _ResponseTimes(Schema):
    acknowledge = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    decide = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    first_contact = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class _Notify(Schema):
    email = fields.Email(allow_none=True, required=True)


class AgencyEntry(Entry):
    """What an agency that takes referrals has besides."""

    needs = fields.List(fields.Nested(_Need), required=True)
    sentences = fields.Dict(keys=EntryId(), values=fields.Nested(_Sentence), required=True)
    criteria = fields.Nested(_Criteria, required=True)
    review = fields.Nested(_Reviews, load_default=lambda: {"family": [], "child": []})
    consent = fields.Nested(_Consent, required=True)
    response_times = fields.Nested(_ResponseTimes, required=True)
    channels = fields.List(
        fields.String(validate=validate.OneOf(CHANNELS, error="is not any of {choices}.")),
        required=True,
        validate=validate.Length(min=1),
    )
    notify = fields.Nested(_Notify, required=True)
    capacity = fields.String(required=True, validate=validate.OneOf(CAPACITIES, error="is not any of {choices}."))

    @validates_schema
    def _names_what_is_there(self, data: dict[str, Any], **_: Any) -> None:
        errors = [*_sentence_errors(data), *_id_errors(data), *_review_errors(data)]
        if errors:
            raise ValidationError(errors)


def _all_clauses(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    trees = [tree for tree in data["criteria"].values() if tree]
    trees += [review["when"] for part in data["review"].values() for review in part]
    for tree in trees:
        yield from (clause for clause, _ in clauses_in(tree))


def _sentence_errors(data: dict[str, Any]) -> Iterator[str]:
    for name, sentence in data["sentences"].items():
        if sentence["source"] not in data["sources"]:
            yield f"sentences.{name} names the source '{sentence['source']}'. Add it under sources."
    for clause in _all_clauses(data):
        if clause["sentence"] is not None and clause["sentence"] not in data["sentences"]:
            yield f"clause '{clause['id']}' names the sentence '{clause['sentence']}'. Add it under sentences."


def _id_errors(data: dict[str, Any]) -> Iterator[str]:
    for name, times in Counter(clause["id"] for clause in _all_clauses(data)).items():
        if times > 1:
            yield f"clause id '{name}' is there {times} times. Give each clause its own."


def _review_errors(data: dict[str, Any]) -> Iterator[str]:
    for part, reviews in data["review"].items():
        criteria = {clause["id"]: under_not for clause, under_not in clauses_in(data["criteria"][part] or {})}
        for review in reviews:
            for name in review["instead_of"]:
                if name not in criteria:
                    yield f"review '{review['id']}' stands in for '{name}'. Name clauses of criteria.{part}."
                elif criteria[name]:
                    # Letting such a clause pass would make a refusal more likely, not less.
                    yield f"review '{review['id']}' stands in for '{name}', which is under a `not`. Turn it round."
