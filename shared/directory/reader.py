"""Reads directory files, from a folder or as texts. Files with any mistake are refused whole, with every mistake found.

Each mistake names file, path and what to do. The version is a hash of what the files say, so equal versions decide
equally.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from shared.directory.agency import Agency, Directory, Signpost
from shared.directory.criteria_builder import build_rules
from shared.directory.mistakes import lines, one_line
from shared.directory.retention import RetentionEntry, periods_of
from shared.directory.schema import AgencyEntry, Entry
from shared.rules.evaluate import CompiledRules

PACKAGED = Path(__file__).parent / "agencies"
_SCHEMAS = {"agency": AgencyEntry, "signpost": Entry, "retention": RetentionEntry}


class DirectoryError(Exception):
    """The directory cannot be used; `problems` has a line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_directory(folder: Path | None = None) -> Directory:
    """The directory in a folder, or the one that comes with Waypost. Raises DirectoryError."""
    return read_again(files_of(folder))


def files_of(folder: Path | None = None) -> dict[str, str]:
    """The files of a folder, or those that come with Waypost, as they are: text by name. Raises DirectoryError."""
    folder = PACKAGED if folder is None else folder
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not paths:
        raise DirectoryError([f"{folder}: no .yaml file is there. Name a folder with one file for each agency."])
    files, problems = {}, []
    for path in paths:
        try:
            files[path.name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: cannot be read ({type(error).__name__}). Save it as UTF-8 text.")
    if problems:
        raise DirectoryError(problems)
    return files


def read_directory(files: Mapping[str, str], former: Mapping[str, str] | None = None) -> Directory:
    """The directory that files make, text by name. Raises DirectoryError.

    `former` are files of agencies that were there once: referrals still name them. One that can be read no more is left out.
    """
    problems: list[str] = []
    entries: list[dict[str, Any]] = []
    for name in sorted(files):
        try:
            entries.append(_read(name, files[name]))
        except DirectoryError as error:
            problems += error.problems
    if not files:
        problems.append("No .yaml file is there. There is one file for each agency.")
    if problems:
        raise DirectoryError(problems)
    return Directory(
        version=_version(entries),
        agencies=tuple(_agency(entry) for entry in entries if entry["kind"] == "agency"),
        signposts=tuple(_signpost(entry) for entry in entries if entry["kind"] == "signpost"),
        retention=next((periods_of(entry) for entry in entries if entry["kind"] == "retention"), {}),
        former=tuple(_former(former or {}, {entry["id"] for entry in entries})),
    )


def read_again(files: Mapping[str, str]) -> Directory:
    """The same without former agencies, for who asks of the same files again and again. Raises DirectoryError."""
    return _read_once(tuple(sorted(files.items())))


@lru_cache(maxsize=4)
def _read_once(files: tuple[tuple[str, str], ...]) -> Directory:
    return read_directory(dict(files))


def _former(files: Mapping[str, str], present: set[str]) -> Iterator[Agency]:
    for name in sorted(files):
        try:
            entry = _read(name, files[name])
        except DirectoryError:
            continue
        if entry["kind"] == "agency" and entry["id"] not in present:
            yield _agency(entry)


class _Loader(yaml.CSafeLoader):
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


def _read(name: str, text: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise DirectoryError([f"{name}: is not YAML. {one_line(error)}"]) from None
    if not isinstance(content, dict) or content.get("kind") not in _SCHEMAS:
        raise DirectoryError([f"{name}: kind: is not any of {', '.join(_SCHEMAS)}. Write what the entry is."])
    try:
        entry: dict[str, Any] = _SCHEMAS[content["kind"]]().load(content)
    except ValidationError as error:
        raise DirectoryError([f"{name}: {line}" for line in lines(error.messages)]) from None
    if entry["id"] != name.removesuffix(".yaml"):
        raise DirectoryError([f"{name}: id: is '{entry['id']}'. Give file and entry the same name."])
    return entry


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
