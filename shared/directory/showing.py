"""A directory's entries in a line each, and what differs between two directories. Pure."""

from typing import Any

from shared.directory.agency import Agency, Directory, Signpost


def entries_of(directory: Directory) -> list[dict[str, Any]]:
    """Each entry: its id, kind, name, and the day on which somebody confirmed it (null: nobody has)."""
    return [_entry(each, "agency") for each in directory.agencies] + [
        _entry(each, "signpost") for each in directory.signposts
    ]


def _entry(entry: Agency | Signpost, kind: str) -> dict[str, Any]:
    confirmed = entry.verified_on.isoformat() if entry.verified_on else None
    return {"id": entry.id, "kind": kind, "name": entry.name, "verified_on": confirmed}


def changes_between(before: Directory, after: Directory) -> list[dict[str, Any]]:
    """Which entries are new, gone, or say something else, and in which keys; periods of keeping too."""
    was, now = _listings(before), _listings(after)
    found = [
        {"id": entry, "change": _kind(entry, was, now), "keys": _keys(was.get(entry, {}), now.get(entry, {}))}
        for entry in sorted({*was, *now})
        if was.get(entry) != now.get(entry)
    ]
    if before.retention != after.retention:
        states = sorted({*before.retention, *after.retention})
        keys = [state for state in states if before.retention.get(state) != after.retention.get(state)]
        found.append({"id": "retention", "change": "changed", "keys": keys})
    return found


def _listings(directory: Directory) -> dict[str, Any]:
    entries: list[Agency | Signpost] = [*directory.agencies, *directory.signposts]
    return {each.id: each.listing for each in entries}


def _kind(entry: str, was: dict[str, Any], now: dict[str, Any]) -> str:
    return "changed" if entry in was and entry in now else "added" if entry in now else "removed"


def _keys(was: Any, now: Any) -> list[str]:
    """The keys of an entry that is in both; none where it is in one alone."""
    return [key for key in now if was.get(key) != now[key]] if was and now else []
