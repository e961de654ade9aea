"""A message's body as people may see it: codes, ids, counts and times that its contract names. All else is masked. Pure.

Nobody knows what a message holds that broke its contract: a name may stand where an id belongs, or in the name of a field.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields

from shared.contracts.envelope import EventSchema
from shared.contracts.fields import Id, Receipt

MASK = "•••"
NOT_JSON = "not-json"
LARGEST_SHOWN = 64 * 1024
_ENVELOPE = {
    "specversion": r"[0-9.]{1,5}",
    "id": r"[A-Za-z0-9.:_-]*[0-9][A-Za-z0-9.:_-]*",
    "source": r"urn:waypost:[a-z-]{1,40}",
    "type": r"uk\.waypost\.[a-z.-]{1,80}\.v[0-9]{1,3}",
    "subject": r"[A-Za-z0-9.:_-]*[0-9][A-Za-z0-9.:_-]*",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    "datacontenttype": r"application/json",
    "dataschema": r"urn:waypost:schema:uk\.waypost\.[a-z0-9.-]{1,80}",
    "sequence": r"[0-9]{1,10}",
    "correlationid": r"[A-Za-z0-9.:_-]*[0-9][A-Za-z0-9.:_-]*",
    "causationid": r"[A-Za-z0-9.:_-]*[0-9][A-Za-z0-9.:_-]*",
}
_LONGEST_ID = 80


def redacted(body: bytes, schemas: Mapping[str, EventSchema]) -> Any:
    """The body as JSON with MASK in place of what may not be seen, and `NOT_JSON` in place of what is none."""
    document = parsed(body)
    if document is None:
        return NOT_JSON
    if not isinstance(document, dict):
        return MASK
    shown: dict[str, Any] = {}
    for name, pattern in _ENVELOPE.items():
        if name in document:
            shown[name] = _fitting(document[name], pattern)
    if isinstance(document.get("rehearsal"), bool):
        shown["rehearsal"] = document["rehearsal"]
    if "data" in document:
        shown["data"] = _of_schema(document["data"], schemas.get(str(document.get("type"))))
    return _with_hidden(shown, set(document) - set(shown))


def restored(mended: Any, original: Any) -> Any:
    """`mended` with what stood behind each MASK that was left where it was; one that was moved stays a mask.

    What was hidden without a name has no effect, since no contract names it, and stays out.
    """
    if mended == MASK:
        return original if original is not None else MASK
    if isinstance(mended, dict):
        before = original if isinstance(original, dict) else {}
        return {name: restored(value, before.get(name)) for name, value in mended.items() if name != MASK}
    if isinstance(mended, list):
        ago = original if isinstance(original, list) else []
        return [restored(value, ago[number] if number < len(ago) else None) for number, value in enumerate(mended)]
    return mended


def parsed(body: bytes) -> Any:
    """The JSON in a body; None where there is none, or more than anybody reads."""
    try:
        return orjson.loads(body) if len(body) <= LARGEST_SHOWN else None
    except (orjson.JSONDecodeError, RecursionError):
        return None


def _of_schema(data: Any, schema: Schema | None) -> Any:
    if schema is None or not isinstance(data, dict):
        return MASK
    known = {name: field for name, field in schema.fields.items() if name in data}
    shown = {name: _of_field(data[name], field) for name, field in known.items()}
    return _with_hidden(shown, set(data) - set(known))


def _of_field(value: Any, field: fields.Field[Any]) -> Any:
    if value is None:
        return None
    if isinstance(field, fields.List) and isinstance(value, list):
        return [_of_field(each, field.inner) for each in value]
    if isinstance(field, fields.Nested):
        return _of_schema(value, field.schema)
    if isinstance(field, Receipt):
        return MASK
    if isinstance(field, fields.Dict) and isinstance(value, dict):
        return _of_mapping(value, field)
    if isinstance(value, dict | list):
        return MASK
    try:
        field.deserialize(value)
    except (ValidationError, TypeError, ValueError):
        return MASK
    # By its pattern alone a first name could pass for an id; ids that machines made have a digit.
    return MASK if isinstance(field, Id) and not re.search(r"\d", str(value)) else value


def _of_mapping(value: dict[str, Any], field: fields.Dict) -> Any:
    if field.key_field is None or field.value_field is None:
        return MASK
    shown = {name: _of_field(each, field.value_field) for name, each in value.items()}
    kept = {name: each for name, each in shown.items() if _of_field(name, field.key_field) != MASK}
    return _with_hidden(kept, set(value) - set(kept))


def _fitting(value: Any, pattern: str) -> Any:
    fits = isinstance(value, str) and len(value) <= _LONGEST_ID + 60 and re.fullmatch(pattern, value)
    return value if fits else MASK


def _with_hidden(shown: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    """That something is hidden is said; its name is not."""
    return shown | {MASK: MASK} if hidden else shown
