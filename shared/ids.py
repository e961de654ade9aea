"""Identifiers: UUIDs that grow with time (version 7, RFC 9562), so that a table's newest rows lie together on disk."""

import time
import uuid

from shared.randomness import Pieces

_VARIANTS = "89ab"
_random = Pieces(10)


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of milliseconds, the rest random."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    random = _random.next().hex()
    variant = _VARIANTS[int(random[3], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
