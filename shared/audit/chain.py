"""The chain: each entry's keyed hash covers the entry, its number and the hash before it, so no entry can be changed, taken
out, put in or moved unseen by anybody who does not have the key. Pure.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

START = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True)
class Entry:
    """One act, as it is stored; `number` is None for one from before there was a chain."""

    number: int | None
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    mac: str | None


@dataclass(frozen=True)
class Head:
    """The newest entry's number and hash, and the keyed hash of both."""

    number: int
    mac: str
    seal: str


@dataclass(frozen=True)
class Verdict:
    """What a look at a whole chain found: how many entries hold, and each fault in plain words."""

    entries: int
    unchained: int
    number: int
    mac: str
    faults: tuple[str, ...]


def mac_of(
    key: bytes, before: str, number: int, at: datetime, actor: str, action: str, subject: str, detail: str
) -> str:
    """The keyed hash of an entry that comes after `before`."""
    said = [before, number, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject, detail]
    return hmac.digest(key, b"entry:" + orjson.dumps(said), hashlib.sha256).hex()


def seal_of(key: bytes, number: int, mac: str) -> str:
    """The keyed hash that says how far the chain goes."""
    return hmac.digest(key, b"head:" + orjson.dumps([number, mac]), hashlib.sha256).hex()


def verify(key: bytes, entries: Iterable[Entry], head: Head | None, passes: tuple[int, str] | None = None) -> Verdict:
    """Walks the entries in the order of their numbers. `passes` is an entry noted earlier, elsewhere: number and hash."""
    faults: list[str] = []
    before, last, count, unchained = START, 0, 0, 0
    passed = passes is None or passes[0] == 0
    for entry in entries:
        if entry.number is None or entry.mac is None:
            unchained += 1
            continue
        if entry.number != last + 1:
            faults.append(f"{_entries(last + 1, entry.number - 1)} taken out")
        expected = mac_of(key, before, entry.number, entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        # After a gap the hash before is not known: that the entry differs would say nothing new.
        if entry.number == last + 1 and not hmac.compare_digest(expected, entry.mac):
            faults.append(f"entry {entry.number} was changed, put in or moved")
        passed = passed or passes == (entry.number, entry.mac)
        before, last, count = entry.mac, entry.number, count + 1
    faults += _faults_of_end(key, head, last, before)
    if not passed:
        faults.append(f"the chain does not pass through entry {passes[0] if passes else 0} as it was noted")
    return Verdict(count, unchained, last, before, tuple(faults))


def _faults_of_end(key: bytes, head: Head | None, last: int, mac: str) -> list[str]:
    if head is None:
        return ["what says how far the chain goes is missing"] if last else []
    if not hmac.compare_digest(seal_of(key, head.number, head.mac), head.seal):
        return ["what says how far the chain goes was changed"]
    if head.number > last:
        return [f"{_entries(last + 1, head.number)} cut off at the end"]
    if (head.number, head.mac) != (last, mac):
        return [f"entries after {head.number} were put in at the end"]
    return []


def _entries(first: int, last: int) -> str:
    return f"entry {first} was" if first == last else f"entries {first} to {last} were"
