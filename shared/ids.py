"""Identifiers: UUIDs that grow with time (version 7, RFC 9562), so that a table's newest rows lie together on disk."""

import os
import time
import uuid

_VARIANTS = "89ab"
_SIGNS = 20
_AT_ONCE = 100
_random: list[str] = []
os.register_at_fork(after_in_child=_random.clear)


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of milliseconds, the rest random."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    try:
        random = _random.pop()
    except IndexError:
        random = _fetched()
    variant = _VARIANTS[int(random[3], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"


def _fetched() -> str:
    """For one id; what was fetched with it waits for the next ones: asking the kernel for each takes longer than the rest."""
    signs = os.urandom(_AT_ONCE * _SIGNS // 2).hex()
    first, *others = (signs[start : start + _SIGNS] for start in range(0, len(signs), _SIGNS))
    _random.extend(others)
    return first


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
