"""API keys: `wp_<id>_<secret>`, shown once and stored as a hash, each with an owner and scopes.

SHA-256 and not argon2: the secret is 256 random bits, so there is nothing to guess that slowness would protect, and a
check on every request must be cheap. A revoked key stops working within CACHE_SECONDS, in every process.
"""

import hashlib
import hmac
import secrets
import string
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, MetaData, String, Table

from shared.database.types import Moment
from shared.http import problems

CACHE_SECONDS = 5.0
_CACHE_MOST = 10_000
_ID_LENGTH = 10
_ID_SIGNS = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Key:
    """Who asks: what a handler finds at `request.key`."""

    id: str
    owner: str
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Raises a 403 problem when the key has no such scope."""
        if scope not in self.scopes:
            raise problems.forbidden(f"This key lacks the scope {scope}.", "missing-scope")


@dataclass(frozen=True)
class KeyRow:
    """A key as it is stored. `key_row(mapping)` reads a row of the table, `vars(row)` writes one."""

    id: str
    owner: str
    name: str
    scopes: list[str]
    hash: str
    created_at: datetime
    revoked_at: datetime | None = None


Find = Callable[[str], KeyRow | None]
"""Looks a key up by its id, wherever the service keeps its keys."""


def api_keys_table(metadata: MetaData) -> Table:
    """The table of keys, for a service that serves an audience."""
    return Table(
        "api_keys",
        metadata,
        Column("id", String(_ID_LENGTH), primary_key=True),
        Column("owner", String(100), nullable=False),
        Column("name", String(200), nullable=False),
        Column("scopes", JSON, nullable=False),
        Column("hash", String(64), nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("revoked_at", Moment),
    )


def new_key(owner: str, scopes: Iterable[str], name: str, now: datetime) -> tuple[str, KeyRow]:
    """A new key: its text, to be shown once, and the row to store."""
    key_id = "".join(secrets.choice(_ID_SIGNS) for _ in range(_ID_LENGTH))
    secret = secrets.token_urlsafe(32)
    row = KeyRow(key_id, owner, name, sorted(set(scopes)), _hash(secret), now)
    return f"wp_{key_id}_{secret}", row


def key_row(mapping: Mapping[Any, Any]) -> KeyRow:
    """A row of the table as `KeyRow`."""
    return KeyRow(**mapping)


class Authenticator:
    """Turns an `Authorization` header into a `Key`, asking the database once in CACHE_SECONDS for each key."""

    def __init__(self, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._clock = clock
        self._rows: OrderedDict[str, tuple[float, KeyRow, Key]] = OrderedDict()

    def authenticate(self, header: str | None) -> Key:
        """The key that the header names; raises the same 401 problem for one missing, unknown, wrong or revoked."""
        key_id, secret = _read(header)
        row, key = self._row(key_id)
        # Compared for an unknown key too: the time that an answer takes must not tell which ids exist.
        matches = hmac.compare_digest(_hash(secret), row.hash if row else "")
        if row is None or key is None or not matches or row.revoked_at is not None:
            raise problems.unauthorised()
        return key

    def _row(self, key_id: str) -> tuple[KeyRow, Key] | tuple[None, None]:
        now = self._clock()
        cached = self._rows.get(key_id)
        if cached and now < cached[0]:
            return cached[1:]
        row = self._find(key_id)
        if row is None:
            self._rows.pop(key_id, None)
            return None, None
        key = Key(row.id, row.owner, frozenset(row.scopes))
        self._rows[key_id] = (now + CACHE_SECONDS, row, key)
        self._rows.move_to_end(key_id)
        if len(self._rows) > _CACHE_MOST:
            self._rows.popitem(last=False)
        return row, key


def _read(header: str | None) -> tuple[str, str]:
    scheme, _, text = (header or "").partition(" ")
    prefix, _, rest = text.strip().partition("_")
    key_id, _, secret = rest.partition("_")
    well_formed = len(key_id) == _ID_LENGTH and key_id.isascii() and key_id.isalnum() and secret
    if scheme.lower() != "bearer" or prefix != "wp" or not well_formed:
        raise problems.unauthorised()
    return key_id, secret


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
