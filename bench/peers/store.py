"""The tables of a peer's intake, and the rows of one referral: what is personal sealed by AES-GCM, the event thin.

Less than Waypost's own: one row for the whole referral where Waypost has seven, one key for all of them, no places looked
up, no search for the same child. All of that favours the peers.
"""

import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()
referrals = Table(
    "referrals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(11), nullable=False, unique=True),
    Column("owner", String(100), nullable=False, index=True),
    Column("status", String(40), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
idempotency = Table(
    "idempotency",
    metadata,
    Column("owner", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("type", String(120), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
)

_CIPHER = AESGCM(AESGCM.generate_key(256))
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Rows(NamedTuple):
    """One row for each table, and the answer to the client."""

    referral: dict[str, Any]
    idempotency: dict[str, Any]
    event: dict[str, Any]
    answer: bytes


def fingerprint(body: bytes) -> str:
    """Tells a repeated call from a key that is used again for something else."""
    return hashlib.sha256(body).hexdigest()


def owner_of(authorization: str | None) -> str | None:
    """Whose key it is; any key will do here."""
    scheme, _, key = (authorization or "").partition(" ")
    return hashlib.sha256(key.encode()).hexdigest()[:16] if scheme == "Bearer" and key else None


def rows_of(referral: Mapping[str, Any], owner: str, key: str, print_of_body: str) -> Rows:
    """`referral` is plain, validated data."""
    now, referral_id = datetime.now(UTC), str(uuid.uuid4())
    reference = "-".join("".join(secrets.choice(_SIGNS) for _ in range(3)) for _ in range(3))
    nonce = os.urandom(12)
    sealed = nonce + _CIPHER.encrypt(nonce, json.dumps(referral, default=str).encode(), referral_id.encode())
    answer = {"id": referral_id, "reference": reference, "status": "screening"}
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "type": "referral.submitted",
        "subject": referral_id,
        "time": now.isoformat(),
        "data": {
            **answer,
            "kind": referral["kind"],
            "relative": referral["relative"],
            "ages": [_age(child["date_of_birth"], now.date()) for child in referral["children"]],
            "consent_scope": referral["consent"]["agencies"],
        },
    }
    written = json.dumps(answer).encode()
    return Rows(
        answer | {"owner": owner, "received_at": now, "sealed": sealed},
        {"owner": owner, "key": key, "fingerprint": print_of_body, "body": written},
        {
            "id": event["id"],
            "type": event["type"],
            "body": json.dumps(event, default=str).encode(),
            "written_at": now,
        },
        written,
    )


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
