"""Field errors with codes: what marshmallow says, as JSON pointers and codes that clients can rely on.

marshmallow's own messages are known by their words here, so every field and validator has a code without being told; a
test walks through them, so that a reworded message is noticed. Our validators raise `invalid_field(code, detail)`, or
give `Coded(code, detail)` as a field's or a validator's message.
"""

import re
from collections.abc import Iterator
from typing import Any

from marshmallow import ValidationError
from marshmallow.exceptions import SCHEMA

from shared.http.problems import FieldError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

_CODES: tuple[tuple[str, str], ...] = (
    (r"Missing data for required field\.", "required"),
    (r"Field may not be null\.", "null"),
    (r"Unknown field\.", "unknown-field"),
    (r"Invalid (input )?type\.", "wrong-type"),
    (r"Not a valid (string|number|integer|boolean|list|mapping type|utf-8 string|tuple)\.", "wrong-type"),
    (r"Special numeric values .*", "wrong-type"),
    (r"Number too large\.", "too-large"),
    (r"Not a valid date\.", "not-a-date"),
    (r"Not a valid (naive |aware )?(datetime|time|period of time)\.", "not-a-time"),
    (r"Not a valid UUID\.", "not-a-uuid"),
    (r"Not a valid email address\.", "not-an-email"),
    (r"Not a valid URL\.", "not-a-url"),
    (r"Must be one of: .*", "not-one-of"),
    (r"Must be equal to .*", "not-one-of"),
    (r"One or more of the choices you made was not in: .*", "not-one-of"),
    (r"Shorter than minimum length .*", "too-short"),
    (r"Longer than maximum length .*", "too-long"),
    (r"Length must be .*", "wrong-length"),
    (r"Must be (greater|less) than .*", "out-of-range"),
    (r"String does not match expected pattern\.", "wrong-form"),
)
_KNOWN = [(re.compile(words, re.DOTALL), code) for words, code in _CODES]


class Coded(str):
    """A message with a code: a plain string to marshmallow, so it may stand wherever a message may."""

    code: str

    def __new__(cls, code: str, detail: str) -> "Coded":
        message = super().__new__(cls, detail)
        message.code = code
        return message

    def format(self, *_: object, **__: object) -> "Coded":
        # marshmallow formats messages with the value that was sent: ours never hold it, and stay what they are.
        return self


def invalid_field(code: str, detail: str, field: str = SCHEMA) -> ValidationError:
    """What a validator of ours raises. `detail` is a fixed sentence: never put the value that was sent into it."""
    return ValidationError(Coded(code, detail), field)


def field_errors(error: ValidationError) -> list[FieldError]:
    """All errors of a failed load, in a stable order, the deepest structure as RFC 6901 pointers."""
    messages = error.messages if isinstance(error.messages, dict) else {error.field_name: error.messages}
    return sorted(set(_walk(messages, "")), key=lambda found: (found.pointer, found.code))


def _walk(messages: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(messages, dict):
        if _is_coded(messages):
            yield FieldError(pointer, messages["code"], messages["detail"])
            return
        for name, inner in messages.items():
            yield from _walk(inner, pointer + _step(name))
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from _walk(message, pointer)
    else:
        yield _as_error(pointer, messages)


def _is_coded(messages: dict[Any, Any]) -> bool:
    return messages.keys() == {"code", "detail"} and all(isinstance(value, str) for value in messages.values())


def _step(name: Any) -> str:
    # A key that is no field name came from the client (an unknown field), and may be somebody's name.
    if name == SCHEMA or not (isinstance(name, int) or _NAME.fullmatch(str(name))):
        return ""
    return f"/{name}"


def _as_error(pointer: str, message: Any) -> FieldError:
    if isinstance(message, Coded):
        return FieldError(pointer, message.code, str(message))
    for words, code in _KNOWN:
        if words.fullmatch(str(message)):
            return FieldError(pointer, code, str(message))
    # Words that are not ours may hold the value; the code is all that is said.
    return FieldError(pointer, "invalid", "Invalid value.")
