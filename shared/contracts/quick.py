"""Loading through a marshmallow schema, quickly: three to ten times, and what it answers is what the schema would.

`loader(schema)` builds plain functions from the schema's own fields, once. They only ever say "plainly right"; at the
first doubt the schema itself is asked, which is then the judge and the author of every error. So a field or a validator
that is not known here costs time, never correctness. Schemas with hooks are left to marshmallow whole.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing, validate

Load = Callable[[Any], Any]


class Turned(fields.String):
    """A text that is only turned into another, by `turn`; a base for fields that are read quickly in their own way."""

    def turn(self, text: str) -> str:
        """The text as it is kept; raises ValidationError for one that cannot be."""
        return text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        return self.turn(super()._deserialize(value, attr, data, **options))


class _Doubt(Exception):
    """Something that marshmallow has to judge."""


_DOUBTS = (_Doubt, ValidationError, ValueError, TypeError, AttributeError, KeyError)


def loader(schema: Schema) -> Load:
    """A function that does what `schema.load` does: the loaded data, or ValidationError with all errors."""
    quick = _schema(schema, schema.unknown)

    def load(data: Any) -> Any:
        try:
            return quick(data)
        except _DOUBTS:
            return schema.load(data)

    return load


def _schema(schema: Schema, unknown: str) -> Load:
    if any(schema._hooks.values()) or schema.partial or unknown not in (RAISE, EXCLUDE):
        return schema.load
    steps = [_step(name, field) for name, field in schema.load_fields.items()]
    strict = unknown == RAISE

    def load(data: Any) -> dict[str, Any]:
        if type(data) is not dict:
            raise _Doubt
        known = 0
        loaded = {}
        for key, target, field_load, default in steps:
            value = data.get(key, missing)
            if value is not missing:
                known += 1
                loaded[target] = field_load(value)
            elif default is not None:
                value = default()
                if value is not missing:
                    loaded[target] = value
        if strict and known != len(data):
            raise _Doubt
        return loaded

    return load


def _step(name: str, field: fields.Field[Any]) -> tuple[str, str, Load, Callable[[], Any] | None]:
    """A field's key, its name in the result, how it is loaded, and what stands for one not given (None: nothing)."""
    if field.attribute is not None and "." in field.attribute:
        raise ValueError("A dotted attribute would nest the result: load this schema by itself.")
    default: Callable[[], Any] | None = None
    if field.required:
        default = _doubt
    elif callable(field.load_default):
        default = field.load_default
    elif field.load_default is not missing:
        value = field.load_default
        default = lambda: value  # noqa: E731 - a def would need the same line twice
    return field.data_key or name, field.attribute or name, _field(field), default


def _doubt() -> Any:
    raise _Doubt


def _field(field: fields.Field[Any]) -> Load:
    if not _is_like(type(field), fields.Field, ("deserialize", "_validate", "_validate_missing")):
        return field.deserialize
    kind, make = next((pair for pair in _KINDS if _is_like(type(field), pair[0], _READING)), (None, _by_itself))
    convert, tests = make(field), [_test(validator) for validator in _together(field.validators)]
    # What takes no other type than its own refuses None by itself.
    loads = _tested(convert if kind else _but_none(convert), tests)
    return (lambda value: None if value is None else loads(value)) if field.allow_none else loads


def _tested(convert: Load, tests: list[Load]) -> Load:
    """One call for each step: most of the time goes into calls."""
    if not tests:
        return convert
    first, others = tests[0], tests[1:]

    def once(value: Any) -> Any:
        value = convert(value)
        if first(value):
            return value
        raise _Doubt

    def often(value: Any) -> Any:
        value = once(value)
        for test in others:
            if not test(value):
                raise _Doubt
        return value

    return often if others else once


def _but_none(convert: Load) -> Load:
    def load(value: Any) -> Any:
        if value is None:
            raise _Doubt
        return convert(value)

    return load


def _together(validators: Sequence[Any]) -> list[Any]:
    """The same with all lengths in one, since a text that is neither too short nor too long is plainly right."""
    lengths = [each for each in validators if type(each) is validate.Length and each.equal is None]
    if len(lengths) < 2:
        return list(validators)
    least = max((each.min for each in lengths if each.min is not None), default=None)
    most = min((each.max for each in lengths if each.max is not None), default=None)
    return [validate.Length(min=least, max=most), *(each for each in validators if each not in lengths)]


def _is_like(found: type, kind: type, methods: tuple[str, ...]) -> bool:
    """Whether `found` is `kind`, or a subclass that leaves these methods as they are."""
    return issubclass(found, kind) and all(getattr(found, name, None) is getattr(kind, name, None) for name in methods)


def _by_itself(field: fields.Field[Any]) -> Load:
    deserialize = field._deserialize
    return lambda value: deserialize(value, None, None)


def _exactly(kind: type) -> Callable[[Any], Load]:
    def make(_: Any) -> Load:
        def convert(value: Any) -> Any:
            if type(value) is not kind:
                raise _Doubt
            return value

        return convert

    return make


def _turned(field: Turned) -> Load:
    turn = field.turn

    def convert(value: Any) -> str:
        if type(value) is not str:
            raise _Doubt
        return turn(value)

    return convert


def _day(field: fields.Date) -> Load:
    return (lambda value: date.fromisoformat(value)) if field.format in _ISO else _by_itself(field)


def _moment(field: fields.AwareDateTime) -> Load:
    if field.format not in _ISO or field.default_timezone:
        return _by_itself(field)

    def convert(value: Any) -> datetime:
        moment = datetime.fromisoformat(value)
        if moment.utcoffset() is None:
            raise _Doubt
        return moment

    return convert


def _list(field: fields.List[Any]) -> Load:
    inner = _field(field.inner)

    def convert(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _Doubt
        return [inner(each) for each in value]

    return convert


def _nested(field: fields.Nested) -> Load:
    if field.many:
        return _by_itself(field)
    return _schema(field.schema, field.unknown or field.schema.unknown)


def _dict(field: fields.Dict) -> Load:
    keys = _field(field.key_field) if field.key_field else _as_it_is
    values = _field(field.value_field) if field.value_field else _as_it_is

    def convert(value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise _Doubt
        return {keys(key): values(each) for key, each in value.items()}

    return convert


def _as_it_is(value: Any) -> Any:
    return value


def _test(validator: Any) -> Callable[[Any], Any]:
    kind = type(validator)
    if kind is validate.Regexp:
        return validator.regex.match  # type: ignore[no-any-return]
    if kind is validate.OneOf:
        choices = validator.choices
        return frozenset(choices).__contains__ if all(type(each) is str for each in choices) else choices.__contains__
    if kind is validate.Length and validator.equal is None:
        least, most = validator.min or 0, validator.max if validator.max is not None else float("inf")
        return lambda value: least <= len(value) <= most

    def ask(value: Any) -> bool:
        validator(value)
        return True

    return ask


_ISO = (None, "iso", "iso8601")
_READING = ("_deserialize", "_validated")
_KINDS: tuple[tuple[type, Callable[[Any], Load]], ...] = (
    (Turned, _turned),
    (fields.String, _exactly(str)),
    (fields.Boolean, _exactly(bool)),
    (fields.Integer, _exactly(int)),
    (fields.Date, _day),
    (fields.AwareDateTime, _moment),
    (fields.List, _list),
    (fields.Nested, _nested),
    (fields.Dict, _dict),
)
