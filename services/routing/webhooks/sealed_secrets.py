"""An endpoint's secrets at rest: sealed under the master key, bound to the endpoint, opened only to sign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.privacy.keyring import Keyring


def seal_secret(keyring: Keyring, webhook_id: str, secret: str) -> bytes:
    """What is stored: copied to another endpoint's row it does not open."""
    return keyring.seal(part_of(webhook_id), secret.encode())


def open_secrets(keyring: Keyring, row: Mapping[Any, Any]) -> tuple[tuple[str, datetime | None], ...]:
    """The secret in use, then the one before it with the moment that it ends; `row` is one of `webhooks`."""
    part = part_of(row["id"])
    opened: list[tuple[str, datetime | None]] = [(keyring.open(part, row["secret"]).decode(), None)]
    if row["old_secret"] is not None:
        opened.append((keyring.open(part, row["old_secret"]).decode(), row["old_secret_until"]))
    return tuple(opened)


def part_of(webhook_id: str) -> str:
    """What a secret is sealed as."""
    return f"webhook:{webhook_id}"
