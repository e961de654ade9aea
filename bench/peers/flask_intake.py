"""Intake on Flask, marshmallow, SQLAlchemy and psycopg: an application for `gunicorn bench.peers.flask_intake:app`."""

import os

from flask import Flask, Response, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy import create_engine, select
from sqlalchemy.dialects.postgresql import insert

from bench.peers.store import fingerprint, idempotency, outbox, owner_of, referrals, rows_of


def short() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, 100))


def one_of(*words: str) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(words))


def shaped(pattern: str) -> fields.String:
    return fields.String(required=True, validate=validate.Regexp(pattern))


POSTCODE = r"^[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}$"


class Part(Schema):
    """Fields that nobody knows are refused."""

    class Meta:
        unknown = RAISE


class Referrer(Part):
    type = one_of("school", "gp", "professional", "family")
    name = short()
    role = fields.String(validate=validate.Length(max=100))
    organisation = fields.String(validate=validate.Length(max=100))
    email = fields.Email()


class Place(Part):
    postcode = shaped(POSTCODE)


class Child(Part):
    first_name = short()
    last_name = short()
    date_of_birth = fields.Date(required=True)
    told = one_of("yes", "no", "partly")
    school = fields.Nested(Place)


class Relative(Part):
    relationship = one_of("parent", "carer", "sibling", "other")
    stage = one_of("awaiting-sentence", "remand", "sentenced", "released")


class Channel(Part):
    safe = fields.Boolean(required=True)
    message = fields.Boolean()
    text = fields.Boolean()
    name_organisation = fields.Boolean()


class SafeContact(Part):
    telephone = fields.Nested(Channel, required=True)


class FamilyContact(Part):
    name = short()
    relationship = short()
    telephone = shaped(r"^[0-9+ ]{6,20}$")
    safe_contact = fields.Nested(SafeContact, required=True)


class Consent(Part):
    given_by = short()
    name = short()
    method = short()
    given_at = fields.AwareDateTime(required=True)
    wording_version = short()
    agencies = fields.List(short(), required=True, validate=validate.Length(1, 50))
    child_view = short()


class Referral(Part):
    kind = one_of("family-support")
    referrer = fields.Nested(Referrer, required=True)
    children = fields.List(fields.Nested(Child), required=True, validate=validate.Length(1, 12))
    relative = fields.Nested(Relative, required=True)
    home = fields.Nested(Place, required=True)
    family_contact = fields.Nested(FamilyContact, required=True)
    needs = fields.List(short(), required=True, validate=validate.Length(max=50))
    consent = fields.Nested(Consent, required=True)


REFERRAL = Referral()
engine = create_engine(os.environ["PEER_DATABASE"], pool_size=16, max_overflow=0)
app = Flask(__name__)


@app.post("/v1/referrals")
def create() -> Response:
    owner, key = owner_of(request.headers.get("Authorization")), request.headers.get("Idempotency-Key", "")
    if owner is None or not key:
        return Response(status=401 if owner is None else 400)
    try:
        referral = REFERRAL.load(request.get_json())
    except ValidationError as error:
        return Response(app.json.dumps(error.messages), 422, mimetype="application/json")
    print_of_body = fingerprint(request.get_data())
    rows = rows_of(referral, owner, key, print_of_body)
    with engine.begin() as connection:
        first = insert(idempotency).values(rows.idempotency).on_conflict_do_nothing().returning(idempotency.c.key)
        if connection.execute(first).first() is None:
            same = (idempotency.c.owner == owner) & (idempotency.c.key == key)
            found = connection.execute(select(idempotency).where(same)).one()
            if found.fingerprint != print_of_body:
                return Response(status=409)
            return Response(found.body, 201, mimetype="application/json")
        connection.execute(insert(referrals), rows.referral)
        connection.execute(insert(outbox), rows.event)
    return Response(rows.answer, 201, mimetype="application/json")
