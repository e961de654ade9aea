"""Reads a folder of directory files. A folder with any mistake is refused whole, with every mistake that was found.

Each mistake names file, path and what to do. The version is a hash of what the files say, so equal versions decide
equally.
"""

from collections.abc import Iterator
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from shared.directory.agency import Agency, Directory, Signpost
from shared.directory.criteria_builder import build_rules
from shared.directory.retention import RetentionEntry, periods_of
from shared.directory.schema import AgencyEntry, Entry
from shared.rules.evaluate import CompiledRules

PACKAGED = Path(__file__).parent / "agencies"
_SCHEMAS = {"agency": AgencyEntry, "signpost": Entry, "retention": RetentionEntry}
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


class DirectoryError(Exception):
    """The directory cannot be used; `problems` has a line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_directory(folder: Path | None = None) -> Directory:
    """The directory in a folder, or the one that comes with Waypost. Raises DirectoryError."""
    folder = PACKAGED if folder is None else folder
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files:
        raise DirectoryError([f"{folder}: no .yaml file is there. Name a folder with one file for each agency."])
    problems: list[str] = []
    entries: list[dict[str, Any]] = []
    for path in files:
        try:
            entries.append(_read(path))
        except DirectoryError as error:
            problems += error.problems
    if problems:
        raise DirectoryError(problems)
    return Directory(
        version=_version(entries),
        agencies=tuple(_agency(entry) for entry in entries if entry["kind"] == "agency"),
        signposts=tuple(_signpost(entry) for entry in entries if entry["kind"] == "signpost"),
        retention=next((periods_of(entry) for entry in entries if entry["kind"] == "retention"), {}),
    )


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key written twice is an error: the second would silently replace the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(None, None, f"the key '{key.value}' is there twice", key.start_mark)
        return super().construct_mapping(node, deep)


# A date stays the text that was written: the schema reads it, and says so when it is none.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise DirectoryError(
            [f"{path.name}: cannot be read ({type(error).__name__}). Save it as UTF-8 text."]
        ) from None
    except yaml.YAMLError as error:
        raise DirectoryError([f"{path.name}: is not YAML. {_one_line(error)}"]) from None
    if not isinstance(content, dict) or content.get("kind") not in _SCHEMAS:
        raise DirectoryError([f"{path.name}: kind: is not any of {', '.join(_SCHEMAS)}. Write what the entry is."])
    try:
        entry: dict[str, Any] = _SCHEMAS[content["kind"]]().load(content)
    except ValidationError as error:
        raise DirectoryError([f"{path.name}: {line}" for line in _lines(error.messages)]) from None
    if entry["id"] != path.stem:
        raise DirectoryError([f"{path.name}: id: is '{entry['id']}'. Give file and entry the same name."])
    return entry


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"Line {mark.line + 1}: " if mark else ""
    return f"{place}{getattr(error, 'problem', None) or 'it breaks off'}."


def _lines(messages: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Marshmallow's nested messages, one line for each, with the path that leads to it."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _lines(inner, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _lines(inner, path)
    else:
        yield (".".join(path) + ": " if path else "") + _PLAINER.get(messages, messages)


def _version(entries: list[dict[str, Any]]) -> str:
    canonical = dumps(sorted(entries, key=lambda entry: str(entry["id"])), sort_keys=True, default=str)
    return "dir-" + sha256(canonical.encode()).hexdigest()[:16]


def _agency(entry: dict[str, Any]) -> Agency:
    times, consent = entry["response_times"], entry["consent"]
    return Agency(
        id=entry["id"],
        name=entry["service"]["name"],
        organization=entry["organization"]["name"],
        verified_on=entry["verified_on"],
        needs={need["code"]: need["name"] for need in entry["needs"]},
        consent_version=consent["wording_version"],
        consent_wording=consent["wording"],
        acknowledge_days=times["acknowledge"],
        decide_days=times["decide"],
        first_contact_days=times["first_contact"],
        channels=tuple(entry["channels"]),
        notify_email=entry["notify"]["email"],
        capacity=entry["capacity"],
        rules=CompiledRules(entry["id"], build_rules(entry)),
        listing=entry,
    )


def _signpost(entry: dict[str, Any]) -> Signpost:
    return Signpost(
        id=entry["id"],
        name=entry["service"]["name"],
        telephone=entry["phones"][0]["number"] if entry["phones"] else None,
        website=entry["service"]["url"] or entry["organization"]["website"],
        verified_on=entry["verified_on"],
        listing=entry,
    )
