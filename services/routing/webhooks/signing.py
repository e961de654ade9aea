"""Signatures as Standard Webhooks has them (v1, symmetric): HMAC-SHA256 over "id.timestamp.body", in base64.

While a secret is rotated two signatures go out, so that a receiver that knows either secret can tell that it is us.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret as the agency is shown it: `whsec_` and the base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(keys: Iterable[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt; `keys` are secrets as `new_secret` made them, the newest first."""
    timestamp = str(int(now.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join("v1," + _signature(key, content) for key in keys),
    }


def _signature(key: str, content: bytes) -> str:
    digest = hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), content, hashlib.sha256)
    return base64.b64encode(digest).decode()
