"""Mistakes in a directory file, each as a line that says what to do: what YAML and marshmallow say, in plainer words. Pure."""

from collections.abc import Iterator
from typing import Any

import yaml

_PLAINER = {
    "Unknown field.": "is not a key that the directory knows. Correct or remove it (docs/directory.md has them all).",
    "Missing data for required field.": "is missing. Add it.",
    "Field may not be null.": "is empty. Write it, or leave the key out.",
    "Invalid input type.": "is not a group of keys. Indent the keys below it.",
    "Not a valid boolean.": "is neither true nor false. Write one of them.",
    "Not a valid date.": "is not a date. Write it like 2026-11-21, or null.",
    "Not a valid email address.": "is not an e-mail address. Correct it, or write null.",
    "Not a valid integer.": "is not a whole number. Write digits, without quotes.",
    "Not a valid list.": "is not a list. Begin each item with a dash, or write [].",
    "Not a valid mapping type.": "is not a group of keys. Indent the keys below it.",
    "Not a valid string.": "is not text. Put it in quotes.",
    "Not a valid tuple.": "is not two numbers. Write [lowest, highest].",
    "Not a valid URL.": "is not a web address. Begin it with https://, or write null.",
    "Length must be 2.": "is not two numbers. Write [lowest, highest].",
    "Must be greater than or equal to 1.": "is less than 1. Write a number of working days.",
    "Shorter than minimum length 1.": "is empty. Give it at least one item.",
}


def one_line(error: yaml.YAMLError) -> str:
    """Where the file stops to be YAML, and why."""
    mark = getattr(error, "problem_mark", None)
    place = f"Line {mark.line + 1}: " if mark else ""
    return f"{place}{getattr(error, 'problem', None) or 'it breaks off'}."


def lines(messages: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Marshmallow's nested messages, one line for each, with the path that leads to it."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from lines(inner, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for inner in messages:
            yield from lines(inner, path)
    else:
        yield (".".join(path) + ": " if path else "") + _PLAINER.get(messages, messages)
