"""Idempotency: the same key with the same body gets the first answer again, and nothing happens twice.

The service looks a record up, and writes one in the transaction that does the work; the table's primary key decides
between two that race. A record holds the answer's body, which for that reason must hold nothing personal: ids,
references and addresses of pages.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table
from werkzeug.wrappers import Request, Response

from shared.database.types import Moment
from shared.http import problems

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True)
class Record:
    """The first answer to a key. `owner` is whose key it is: two owners may use the same one."""

    owner: str
    key: str
    fingerprint: str
    status: int
    body: bytes
    created_at: datetime


def idempotency_table(metadata: MetaData) -> Table:
    """The table of first answers, in the database of the service that gives them."""
    return Table(
        "idempotency",
        metadata,
        Column("owner", String(100), primary_key=True),
        Column("key", String(255), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("status", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", Moment, nullable=False),
        Index("idempotency_created_at", "created_at"),
    )


def key_of(request: Request) -> str | None:
    """The key that the client sent, or None; raises a 400 problem unless it is 1 to 255 visible ASCII signs."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise problems.bad_request(
            "bad-idempotency-key", "Idempotency-Key cannot be used", "Send 1 to 255 visible ASCII signs."
        )
    return key


def fingerprint(method: str, path: str, body: bytes) -> str:
    """64 hex signs that tell one request from another."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()


def replay(record: Record, asked: str) -> Response:
    """The first answer again; raises a 422 problem when the key came with another request (`asked`) before."""
    if record.fingerprint != asked:
        raise problems.Problem(
            422, "idempotency-key-reused", "The Idempotency-Key belongs to another request", "Use a new key."
        )
    headers = {"Idempotent-Replayed": "true"}
    return Response(record.body, record.status, headers, content_type="application/json")


class Running:
    """The keys at work in this process. Across processes the table's primary key decides, at commit."""

    def __init__(self) -> None:
        self._held: set[tuple[str, str]] = set()

    @contextmanager
    def hold(self, owner: str, key: str) -> Iterator[None]:
        """Holds a key while its first request runs; raises a 409 problem to a second that comes meanwhile."""
        if (owner, key) in self._held:
            raise problems.conflict(
                "idempotency-key-running", "The first request with this key still runs", "Ask again in a moment."
            )
        self._held.add((owner, key))
        try:
            yield
        finally:
            self._held.discard((owner, key))
