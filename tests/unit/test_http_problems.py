"""Errors are codes with JSON pointers, all at once, and repeat nothing that the client sent."""

import orjson
import pytest
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.http import problems
from shared.http.fields import Coded, field_errors, invalid_field
from shared.http.problems import FieldError, Problem


def errors_of(schema: Schema, body: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        schema.load(body)  # type: ignore[arg-type]
    return [(error.pointer, error.code) for error in field_errors(raised.value)]


def error_of(field: fields.Field, value: object) -> FieldError:
    schema = Schema.from_dict({"field": field})()
    with pytest.raises(ValidationError) as raised:
        schema.load({"field": value})
    (error,) = field_errors(raised.value)
    assert error.pointer == "/field"
    return error


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (fields.String(), None, "null"),
        (fields.String(), 7, "wrong-type"),
        (fields.String(), b"\xff", "wrong-type"),
        (fields.Integer(), "Test Child", "wrong-type"),
        (fields.Integer(), float("inf"), "too-large"),
        (fields.Float(), "nan", "wrong-type"),
        (fields.Decimal(), "Test Child", "wrong-type"),
        (fields.Boolean(), "Test Child", "wrong-type"),
        (fields.List(fields.String()), "Test Child", "wrong-type"),
        (fields.Dict(), "Test Child", "wrong-type"),
        (fields.Nested(Schema.from_dict({"x": fields.String()})), "Test Child", "wrong-type"),
        (fields.Date(), "Test Child", "not-a-date"),
        (fields.DateTime(), "Test Child", "not-a-time"),
        (fields.AwareDateTime(), "2026-11-20T10:00:00", "not-a-time"),
        (fields.NaiveDateTime(), "2026-11-20T10:00:00Z", "not-a-time"),
        (fields.Time(), "Test Child", "not-a-time"),
        (fields.UUID(), "Test Child", "not-a-uuid"),
        (fields.Email(), "Test Child", "not-an-email"),
        (fields.Url(), "Test Child", "not-a-url"),
        (fields.String(validate=validate.OneOf(["a", "b"])), "Test Child", "not-one-of"),
        (fields.String(validate=validate.Equal("a")), "Test Child", "not-one-of"),
        (fields.List(fields.String(), validate=validate.ContainsOnly(["a"])), ["Test Child"], "not-one-of"),
        (fields.String(validate=validate.Length(max=3)), "Test Child", "too-long"),
        (fields.String(validate=validate.Length(min=30)), "Test Child", "too-short"),
        (fields.String(validate=validate.Length(equal=3)), "Test Child", "wrong-length"),
        (fields.String(validate=validate.Length(min=1, max=3)), "Test Child", "wrong-length"),
        (fields.Integer(validate=validate.Range(max=3)), 4, "out-of-range"),
        (fields.Integer(validate=validate.Range(min=5, max=7)), 4, "out-of-range"),
        (fields.String(validate=validate.Regexp(r"\d+")), "Test Child", "wrong-form"),
        (fields.String(validate=validate.Predicate("isdigit", error="{input} is bad")), "Test Child", "invalid"),
        (fields.Date(error_messages={"invalid": Coded("no-birthday", "Write a date.")}), "x", "no-birthday"),
        (fields.String(validate=validate.OneOf(["a"], error=Coded("no-need", "Not a need."))), "x", "no-need"),
    ],
)
def test_every_marshmallow_complaint_has_a_code_and_repeats_no_value(
    field: fields.Field, value: object, code: str
) -> None:
    error = error_of(field, value)
    assert error.code == code
    assert "Test Child" not in error.detail


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        (fields.String(), 7, "Write a text, in quotes."),
        (
            fields.AwareDateTime(),
            "2026-11-20T10:00:00",
            "Write a date and time with its zone, like 2026-11-20T10:00:00Z.",
        ),
        (fields.String(validate=validate.OneOf(["a", "b"])), "c", "Write one of: a, b."),
        (fields.String(validate=validate.Equal("a")), "c", "Write a."),
        (fields.List(fields.String(), validate=validate.ContainsOnly(["a", "b"])), ["c"], "Choose only from: a, b."),
        (fields.String(validate=validate.Length(min=1)), "", "This is empty."),
        (fields.String(validate=validate.Length(min=2)), "c", "This is too short: its length must be 2 or more."),
        (fields.String(validate=validate.Length(max=2)), "ccc", "This is too long: its length may be 2 at the most."),
        (fields.String(validate=validate.Length(2, 3)), "c", "Its length must be between 2 and 3."),
        (fields.Integer(validate=validate.Range(min=5)), 4, "Write a value that is greater than or equal to 5."),
    ],
)
def test_every_complaint_says_what_to_write(field: fields.Field, value: object, detail: str) -> None:
    assert error_of(field, value).detail == detail


class Child(Schema):
    first_name = fields.String(required=True)
    born = fields.Date(required=True)


class Referral(Schema):
    kind = fields.String(required=True)
    children = fields.List(fields.Nested(Child), required=True)

    @validates_schema
    def has_children(self, data: dict[str, object], **_: object) -> None:
        if not data["children"]:
            raise invalid_field("no-children", "Name at least one child.", "children")
        if data["kind"] == "empty":
            raise ValidationError({"kind": [{"code": "empty-kind", "detail": "Say a kind."}]})
        if data["kind"] == "whole":
            raise invalid_field("whole", "As a whole, no.")


def test_all_errors_come_at_once_with_pointers_into_lists() -> None:
    body = {"children": [{"first_name": "Test", "born": "2017-03-14"}, {"born": "yesterday", "extra": 1}]}
    assert errors_of(Referral(), body) == [
        ("/children/1/born", "not-a-date"),
        ("/children/1/extra", "unknown-field"),
        ("/children/1/first_name", "required"),
        ("/kind", "required"),
    ]


def test_our_own_codes_arrive_from_schema_validators() -> None:
    one = [{"first_name": "Test", "born": "2017-03-14"}]
    assert errors_of(Referral(), {"kind": "x", "children": []}) == [("/children", "no-children")]
    assert errors_of(Referral(), {"kind": "empty", "children": one}) == [("/kind", "empty-kind")]
    assert errors_of(Referral(), {"kind": "whole", "children": one}) == [("", "whole")]


def test_a_body_that_is_no_object_is_one_error_at_the_root() -> None:
    assert errors_of(Referral(), ["x"]) == [("", "wrong-type")]


def test_fields_that_are_called_code_and_detail_are_fields() -> None:
    schema = Schema.from_dict({"code": fields.String(required=True), "detail": fields.String(required=True)})()
    assert errors_of(schema, {}) == [("/code", "required"), ("/detail", "required")]


def test_an_unknown_key_that_is_no_field_name_is_not_repeated() -> None:
    body = {"kind": "x", "children": [], "Test Child": 1}
    with pytest.raises(ValidationError) as raised:
        Referral().load(body)
    assert ("", "unknown-field") in [(error.pointer, error.code) for error in field_errors(raised.value)]
    assert "Test Child" not in repr(field_errors(raised.value))


def test_a_problem_is_a_problem_document() -> None:
    response = problems.invalid([FieldError("/kind", "required", "Say which.")]).response()
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert orjson.loads(response.get_data()) == {
        "type": "urn:waypost:problem:invalid",
        "title": "The body cannot be taken as it is",
        "status": 422,
        "code": "invalid",
        "errors": [{"pointer": "/kind", "code": "required", "detail": "Say which."}],
    }


@pytest.mark.parametrize(
    ("problem", "status", "header"),
    [
        (problems.unauthorised(), 401, ("WWW-Authenticate", 'Bearer realm="waypost"')),
        (problems.method_not_allowed({"POST", "GET"}), 405, ("Allow", "GET, POST")),
        (problems.rate_limited(0.2), 429, ("Retry-After", "1")),
        (problems.rate_limited(2.1), 429, ("Retry-After", "3")),
        (problems.unavailable(), 503, ("Retry-After", "2")),
    ],
)
def test_a_problem_carries_the_header_that_its_status_asks_for(
    problem: Problem, status: int, header: tuple[str, str]
) -> None:
    response = problem.response()
    assert (response.status_code, response.headers[header[0]]) == (status, header[1])


def test_an_error_of_ours_shows_its_id_and_nothing_else() -> None:
    body = problems.internal("0f6b1c3e-0000-4000-8000-000000000000").body()
    assert body["instance"] == "urn:uuid:0f6b1c3e-0000-4000-8000-000000000000"
    assert body["status"] == 500
