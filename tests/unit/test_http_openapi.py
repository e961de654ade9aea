"""The published contract says what the routes declare, and is valid OpenAPI and JSON Schema."""

import datetime as dt
import enum
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from marshmallow import EXCLUDE, Schema, fields, validate
from openapi_spec_validator import validate as validate_openapi

from shared.contracts.json_schema import schema_of
from shared.http.openapi import openapi_of
from shared.http.request import Request
from shared.http.route import route


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Postcode(fields.String):
    json_schema = {"type": "string", "examples": ["KT1 1AA"]}  # noqa: RUF012


class Child(Schema):
    """One child."""

    first_name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    born = fields.Date(required=True, data_key="date_of_birth")
    children = fields.List(fields.Nested(lambda: Child()))


class Referral(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["a", "b"]), metadata={"description": "Which."})
    children = fields.List(fields.Nested(Child), validate=validate.Length(min=1))
    home = Postcode()
    level = fields.Enum(Level, by_value=True)
    age = fields.Integer(allow_none=True, validate=validate.And(validate.Range(min=0), validate.Range(max=120)))
    weight = fields.Float(validate=validate.Range(min=0, min_inclusive=False))
    code = fields.String(validate=validate.Regexp(r"[A-Z]+$"))
    at = fields.AwareDateTime()
    id = fields.UUID(dump_only=True)
    urgent = fields.Boolean(load_default=False)
    by_agency = fields.Dict(keys=fields.String(validate=validate.Length(equal=2)), values=fields.Integer())
    anything = fields.Raw(allow_none=True)
    fixed = fields.Constant("x")


class Reader(Schema):
    kind = fields.String()

    class Meta:
        unknown = EXCLUDE


def properties() -> dict[str, Any]:
    return schema_of(Referral)["properties"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("kind", {"type": "string", "enum": ["a", "b"], "description": "Which."}),
        ("children", {"type": "array", "items": {"$ref": "#/$defs/Child"}, "minItems": 1}),
        ("home", {"type": "string", "examples": ["KT1 1AA"]}),
        ("level", {"enum": ["low", "high"]}),
        ("age", {"type": ["integer", "null"], "minimum": 0, "maximum": 120}),
        ("weight", {"type": "number", "exclusiveMinimum": 0}),
        ("code", {"type": "string", "pattern": "^(?:[A-Z]+$)"}),
        ("at", {"type": "string", "format": "date-time"}),
        ("id", {"type": "string", "format": "uuid", "readOnly": True}),
        ("urgent", {"type": "boolean", "default": False}),
        (
            "by_agency",
            {
                "type": "object",
                "propertyNames": {"type": "string", "minLength": 2, "maxLength": 2},
                "additionalProperties": {"type": "integer"},
            },
        ),
        ("anything", {}),
        ("fixed", {"const": "x"}),
    ],
)
def test_a_field_says_what_it_takes(field: str, expected: dict[str, Any]) -> None:
    assert properties()[field] == expected


def test_nested_schemas_are_definitions_even_of_themselves() -> None:
    child = schema_of(Referral)["$defs"]["Child"]
    assert child["description"] == "One child."
    assert child["required"] == ["first_name", "date_of_birth"]
    assert child["properties"]["children"] == {"type": "array", "items": {"$ref": "#/$defs/Child"}}


def test_unknown_fields_are_refused_where_the_schema_refuses_them() -> None:
    assert schema_of(Referral)["additionalProperties"] is False
    assert "additionalProperties" not in schema_of(Reader)


def test_the_schema_and_the_json_schema_agree() -> None:
    document = schema_of(Referral)
    Draft202012Validator.check_schema(document)
    check = Draft202012Validator(document)
    good = {"kind": "a", "children": [{"first_name": "Test", "date_of_birth": "2017-03-14"}], "age": None}
    bad: list[dict[str, Any]] = [
        {},
        good | {"kind": "c"},
        good | {"children": []},
        good | {"children": [{"first_name": ""}]},
        good | {"age": 121},
        good | {"code": "aB"},
        good | {"surprise": 1},
    ]
    assert check.is_valid(good)
    assert Referral().validate(good) == {}
    for body in bad:
        assert not check.is_valid(body)
        assert Referral().validate(body) != {}


class Query(Schema):
    limit = fields.Integer(validate=validate.Range(min=1, max=100))
    cursor = fields.String()


class Service:
    name = "service"

    @route("POST", "/v1/referrals", scope="referrals:write", body=Referral, returns={201: Child}, idempotent=True)
    def create(self, request: Request) -> None:
        """Makes a referral.

        All of it at once.
        """

    @route("GET", "/v1/referrals/<string:referral>", scope="referrals:read", returns={200: Referral}, problems=[404])
    def one(self, request: Request, referral: str) -> None: ...

    @route("GET", "/v1/referrals", public="a test", summary="A list", query=Query)
    def many(self, request: Request) -> None: ...


def document() -> dict[str, Any]:
    return openapi_of(Service)


def test_it_is_valid_openapi_3_1() -> None:
    validate_openapi(document())
    assert document()["openapi"] == "3.1.0"


def test_the_same_routes_give_the_same_bytes() -> None:
    assert orjson.dumps(document()) == orjson.dumps(document())
    assert list(document()["paths"]) == ["/v1/referrals", "/v1/referrals/{referral}"]


def test_an_operation_says_what_it_takes_gives_and_needs() -> None:
    create = document()["paths"]["/v1/referrals"]["post"]
    assert (create["operationId"], create["summary"]) == ("create", "Makes a referral.")
    assert create["description"] == "All of it at once."
    assert create["security"] == [{"key": ["referrals:write"]}]
    taken = create["requestBody"]["content"]["application/json"]["schema"]
    assert taken == {"$ref": "#/components/schemas/Referral"}
    assert list(create["responses"]) == ["201", "400", "401", "403", "409", "413", "415", "422", "429"]
    assert [parameter["name"] for parameter in create["parameters"]] == ["Idempotency-Key"]


def test_parameters_come_from_path_and_query() -> None:
    paths = document()["paths"]
    (path,) = paths["/v1/referrals/{referral}"]["get"]["parameters"]
    assert (path["name"], path["in"], path["required"]) == ("referral", "path", True)
    limit, cursor = paths["/v1/referrals"]["get"]["parameters"]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100}
    assert cursor["name"] == "cursor"


def test_a_public_route_needs_no_key_and_its_own_problems_are_listed() -> None:
    paths = document()["paths"]
    assert paths["/v1/referrals"]["get"]["security"] == []
    assert "404" in paths["/v1/referrals/{referral}"]["get"]["responses"]


def test_two_schemas_of_one_name_are_an_error() -> None:
    other = type("Child", (Schema,), {"x": fields.Date(load_default=dt.date(2026, 1, 1))})
    both = Schema.from_dict({"a": fields.Nested(Child), "b": fields.Nested(other)}, name="Both")
    with pytest.raises(ValueError, match="Two schemas are called Child"):
        schema_of(both)
