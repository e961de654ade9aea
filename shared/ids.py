"""Identifiers: UUIDs that grow with time (version 7, RFC 9562), so that a table's newest rows lie together on disk."""

import os
import time
import uuid


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of milliseconds, the rest random."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
