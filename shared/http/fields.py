"""Field errors: what marshmallow says, as JSON pointers, codes that clients can rely on, and words that say what to do.

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

REQUIRED = "Give this: it is required."

_SAID: tuple[tuple[str, str, str], ...] = (
    (r"Missing data for required field\.", "required", REQUIRED),
    (r"Field may not be null\.", "null", "This cannot be null."),
    (r"Unknown field\.", "unknown-field", "There is no field of this name here. Correct it, or leave it out."),
    (r"Invalid (input )?type\.|Not a valid mapping type\.", "wrong-type", "Write an object."),
    (r"Not a valid (utf-8 )?string\.", "wrong-type", "Write a text, in quotes."),
    (r"Not a valid number\.|Special numeric values .*", "wrong-type", "Write a number."),
    (r"Not a valid integer\.", "wrong-type", "Write a whole number."),
    (r"Not a valid boolean\.", "wrong-type", "Write true or false."),
    (r"Not a valid (list|tuple)\.", "wrong-type", "Write a list."),
    (r"Number too large\.", "too-large", "Write a smaller number."),
    (r"Not a valid date\.", "not-a-date", "Write a date like 2017-03-14."),
    (r"Not a valid datetime\.", "not-a-time", "Write a date and time like 2026-11-20T10:00:00Z."),
    (r"Not a valid aware datetime\.", "not-a-time", "Write a date and time with its zone, like 2026-11-20T10:00:00Z."),
    (r"Not a valid naive datetime\.", "not-a-time", "Write a date and time without a zone, like 2026-11-20T10:00:00."),
    (r"Not a valid time\.", "not-a-time", "Write a time like 10:00."),
    (r"Not a valid period of time\.", "not-a-time", "Write a number: how long it is."),
    (r"Not a valid UUID\.", "not-a-uuid", "Write an id like 01920000-0000-7000-8000-000000000000."),
    (r"Not a valid email address\.", "not-an-email", "Write an e-mail address like name@example.org."),
    (r"Not a valid URL\.", "not-a-url", "Write a web address like https://example.org/page."),
    (r"Must be one of: (.*)", "not-one-of", r"Write one of: \1"),
    (r"Must be equal to (.*)", "not-one-of", r"Write \1"),
    (r"One or more of the choices you made was not in: (.*)", "not-one-of", r"Choose only from: \1"),
    (r"Shorter than minimum length 1\.", "too-short", "This is empty."),
    (r"Shorter than minimum length (.*)\.", "too-short", r"This is too short: its length must be \1 or more."),
    (r"Longer than maximum length (.*)\.", "too-long", r"This is too long: its length may be \1 at the most."),
    (r"Length must be (.*)", "wrong-length", r"Its length must be \1"),
    (r"Must be ((greater|less) than .*)", "out-of-range", r"Write a value that is \1"),
    (r"String does not match expected pattern\.", "wrong-form", "This is not in the form that is asked for."),
)
_KNOWN = [(re.compile(words, re.DOTALL), code, detail) for words, code, detail in _SAID]


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
    for words, code, detail in _KNOWN:
        if found := words.fullmatch(str(message)):
            return FieldError(pointer, code, found.expand(detail))
    # Words that are not ours may hold the value; the code is all that is said.
    return FieldError(pointer, "invalid", "Invalid value.")
