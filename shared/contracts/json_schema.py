"""marshmallow schemas as JSON Schema 2020-12, for the published contracts; the same input gives the same bytes.

What a field checks in code of its own is not seen here: such a field says its JSON Schema in a class attribute
`json_schema`, and it counts. Nested schemas become `$defs`, by the name of their class.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate
from marshmallow.fields import Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Definitions = dict[str, dict[str, Any]]

# Looked up along a field's ancestors, the nearest first.
_TYPES: Mapping[type, dict[str, Any]] = {
    fields.Email: {"type": "string", "format": "email"},
    fields.Url: {"type": "string", "format": "uri"},
    fields.UUID: {"type": "string", "format": "uuid"},
    fields.Date: {"type": "string", "format": "date"},
    fields.DateTime: {"type": "string", "format": "date-time"},
    fields.Time: {"type": "string", "format": "time"},
    fields.String: {"type": "string"},
    fields.Integer: {"type": "integer"},
    fields.Number: {"type": "number"},
    fields.Boolean: {"type": "boolean"},
    fields.List: {"type": "array"},
    fields.Mapping: {"type": "object"},
}


def schema_of(schema: type[Schema] | Schema) -> dict[str, Any]:
    """The whole document of one schema: `$schema`, the object itself, and `$defs` of what it nests."""
    definitions: Definitions = {}
    document = object_of(schema, definitions)
    if definitions:
        document["$defs"] = {name: definitions[name] for name in sorted(definitions)}
    return {"$schema": DIALECT, **document}


def object_of(schema: type[Schema] | Schema, definitions: Definitions, place: str = "#/$defs/") -> dict[str, Any]:
    """The object that `schema` describes. What it nests is put into `definitions` and referred to at `place`."""
    made = schema() if isinstance(schema, type) else schema
    own = {field.data_key or name: field for name, field in made.fields.items()}
    document: dict[str, Any] = {"title": type(made).__name__, "type": "object"}
    if type(made).__doc__ and type(made).__doc__ != Schema.__doc__:
        document["description"] = inspect.cleandoc(type(made).__doc__ or "")
    document["properties"] = {name: field_of(field, definitions, place) for name, field in own.items()}
    required = [name for name, field in own.items() if field.required]
    if required:
        document["required"] = required
    if made.unknown == RAISE:
        document["additionalProperties"] = False
    return document


def reference_to(schema: type[Schema] | Schema, definitions: Definitions, place: str = "#/$defs/") -> dict[str, Any]:
    """A `$ref` to the schema's definition; raises ValueError when another schema has the same name."""
    made = schema() if isinstance(schema, type) else schema
    if made.only or made.exclude:
        return object_of(made, definitions, place)
    name = type(made).__name__
    own = {field.data_key or key for key, field in made.fields.items()}
    if name not in definitions:
        # Put there before it is filled, so that a schema may nest itself.
        definitions[name] = {}
        definitions[name].update(object_of(made, definitions, place))
    elif set(definitions[name].get("properties", own)) != own:
        raise ValueError(f"Two schemas are called {name}. Give one of them another name.")
    return {"$ref": place + name}


def field_of(field: Field[Any], definitions: Definitions, place: str = "#/$defs/") -> dict[str, Any]:
    """What one field takes."""
    found = _shape(field, definitions, place)
    for validator in field.validators:
        found |= _constraint(validator, found.get("type"))
    found |= {name: field.metadata[name] for name in ("description", "examples") if name in field.metadata}
    if isinstance(field.load_default, str | int | float) and "const" not in found:
        found["default"] = field.load_default
    if field.dump_only:
        found["readOnly"] = True
    if field.load_only:
        found["writeOnly"] = True
    return _or_null(found) if field.allow_none else found


def _shape(field: Field[Any], definitions: Definitions, place: str) -> dict[str, Any]:
    own = getattr(field, "json_schema", None)
    if own is not None:
        return dict(own)
    if isinstance(field, fields.Nested):
        reference = reference_to(field.schema, definitions, place)
        return {"type": "array", "items": reference} if field.many else reference
    if isinstance(field, fields.Constant):
        return {"const": field.constant}
    if isinstance(field, fields.Enum):
        return {"enum": [each.value if field.by_value else each.name for each in field.enum]}
    shape = next((dict(_TYPES[kind]) for kind in type(field).__mro__ if kind in _TYPES), {})
    if isinstance(field, fields.List):
        shape["items"] = field_of(field.inner, definitions, place)
    if isinstance(field, fields.Mapping):
        if field.key_field:
            shape["propertyNames"] = field_of(field.key_field, definitions, place)
        if field.value_field:
            shape["additionalProperties"] = field_of(field.value_field, definitions, place)
    return shape


def _constraint(validator: Any, kind: Any) -> dict[str, Any]:
    if isinstance(validator, validate.And):
        return {name: value for each in validator.validators for name, value in _constraint(each, kind).items()}
    if isinstance(validator, validate.Length):
        low, high = {"array": ("minItems", "maxItems"), "object": ("minProperties", "maxProperties")}.get(
            kind, ("minLength", "maxLength")
        )
        if validator.equal is not None:
            return {low: validator.equal, high: validator.equal}
        return _present({low: validator.min, high: validator.max})
    if isinstance(validator, validate.Range):
        low = "minimum" if validator.min_inclusive else "exclusiveMinimum"
        high = "maximum" if validator.max_inclusive else "exclusiveMaximum"
        return _present({low: validator.min, high: validator.max})
    if isinstance(validator, validate.ContainsOnly):
        return {"items": {"enum": list(validator.choices)}}
    if isinstance(validator, validate.OneOf):
        return {"enum": list(validator.choices)}
    if isinstance(validator, validate.Equal):
        return {"const": validator.comparable}
    if isinstance(validator, validate.Regexp):
        pattern = str(validator.regex.pattern)
        # marshmallow looks from the start of the text, JSON Schema anywhere in it.
        return {"pattern": pattern if pattern.startswith("^") else f"^(?:{pattern})"}
    return {}


def _present(limits: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in limits.items() if value is not None}


def _or_null(found: dict[str, Any]) -> dict[str, Any]:
    if isinstance(found.get("type"), str) and "enum" not in found and "const" not in found:
        return found | {"type": [found["type"], "null"]}
    return {"anyOf": [found, {"type": "null"}]} if found else found
