"""Loading quickly is loading: the same data, the same defaults, the same errors."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from shared.contracts.quick import loader


class Part(Schema):
    class Meta:
        unknown = EXCLUDE

    code = fields.String(required=True, validate=validate.Regexp(r"[a-z]+\Z"))
    on = fields.Date()


class Whole(Schema):
    name = fields.String(required=True, data_key="full-name", validate=validate.Length(1, 5))
    count = fields.Integer(strict=True, load_default=1)
    at = fields.AwareDateTime()
    flag = fields.Boolean(allow_none=True)
    parts = fields.List(fields.Nested(Part), load_default=list)
    by_code = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True))
    size = fields.Float(validate=validate.Range(min=0))


def test_what_is_right_is_loaded_as_the_schema_loads_it() -> None:
    body = {
        "full-name": "Test",
        "at": "2026-11-20T10:00:00Z",
        "flag": None,
        "parts": [{"code": "a", "on": "2026-11-20", "more": 1}],
        "by_code": {"a": 1},
        "size": 1.5,
    }

    loaded = loader(Whole())(body)

    assert loaded == Whole().load(body)
    assert loaded["count"] == 1
    assert loaded["at"] == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert loaded["parts"] == [{"code": "a", "on": date(2026, 11, 20)}]


def test_a_default_is_made_anew_for_each() -> None:
    load = loader(Whole())

    load({"full-name": "Test"})["parts"].append(1)

    assert load({"full-name": "Test"})["parts"] == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"full-name": "Test", "count": True},
        {"full-name": "Test", "count": "2"},
        {"full-name": "Test", "count": None},
        {"full-name": "Test", "flag": "yes"},
        {"full-name": "Test", "at": "2026-11-20T10:00:00"},
        {"full-name": "Test", "parts": [{"code": "A"}, {"on": "never"}, 3]},
        {"full-name": "Test", "parts": ({"code": "a"},)},
        {"full-name": "Test", "by_code": {"a": "x"}},
        {"full-name": "Test", "size": -1},
        {"full-name": "Too long"},
        {"full-name": "Test", "other": 1},
        {"name": "Test"},
    ],
)
def test_what_is_doubtful_is_left_to_the_schema(body: Any) -> None:
    def answer(load: Any) -> Any:
        try:
            return load(body)
        except ValidationError as error:
            return error.messages

    assert answer(loader(Whole())) == answer(Whole().load)


def test_a_schema_with_hooks_is_left_to_marshmallow() -> None:
    class Hooked(Part):
        @post_load
        def shout(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
            return data | {"code": data["code"].upper()}

    class Holder(Schema):
        inner = fields.Nested(Hooked)

    assert loader(Hooked())({"code": "a"}) == {"code": "A"}
    assert loader(Holder())({"inner": {"code": "a"}}) == {"inner": {"code": "A"}}
