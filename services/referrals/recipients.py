"""Where messages may go: the one thing that `notifications` asks of this service, as it begins to send them.

Whether writing is safe is told by `safe_contact`. Whoever asks is written down, with the purpose. The link is a page for
people, kept from everybody else: it is in no event and in no other service's data. A one-time code goes the same way:
asked for by the id of the event that asks for it, while it works.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import bindparam, select

from services.referrals import tables
from services.referrals.access_codes import code_to_send
from services.referrals.domain import FOLLOWERS
from services.referrals.reading import look
from services.referrals.safe_contact import nowhere, way_to
from services.referrals.tables import referral_keys, referrals
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.privacy.sealed import WrappedKey

CODES = ("code", "family-code")
"""The purposes of messages that carry a one-time code."""
UNKNOWN = "recipient-unknown"
"""The reason that is answered for a referral that is not there, or was erased."""
MOST = 50
_OPENED = (
    select(
        referrals.c.id,
        referrals.c.details,
        referrals.c.reference,
        referral_keys.c.key_id,
        referral_keys.c.wrapped,
        tables.children.c.id.label("child"),
        tables.children.c.sealed,
    )
    .select_from(
        referrals.join(referral_keys, referral_keys.c.referral_id == referrals.c.id).outerjoin(
            tables.children, tables.children.c.referral_id == referrals.c.id
        )
    )
    .where(referrals.c.id.in_(bindparam("referrals", expanding=True)))
    .order_by(referrals.c.id, tables.children.c.position)
)

Part = Mapping[str, Any]


class Reader(Schema):
    """Who is to read a message: of which referral, what for (its template), and of which event it tells."""

    referral_id = fields.String(required=True, validate=validate.Length(min=1, max=80))
    audience = fields.String(required=True, validate=validate.OneOf(FOLLOWERS))
    purpose = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9-]{0,79}\Z"))
    event = fields.String(required=True, validate=validate.Length(max=80))


class Readers(Schema):
    """Many at once: messages that go out together."""

    readers = fields.List(fields.Nested(Reader), required=True, validate=validate.Length(min=1, max=MOST))


@dataclass(frozen=True)
class _Opened:
    """What is known of a referral, in the clear."""

    details: Part
    children: list[dict[str, Any]]
    reference: str


def recipients(store: Store, readers: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Where the message to each of these readers may go, in their order."""
    opened = _opened(store, {reader["referral_id"] for reader in readers})

    def work(transaction: Transaction) -> list[str | None]:
        return [_told(transaction, reader) if reader["referral_id"] in opened else None for reader in readers]

    codes: list[str | None] = store.together(work)
    public_url = store.resources.settings.public_url
    return [
        _recipient(reader, opened.get(reader["referral_id"]), code, public_url)
        for reader, code in zip(readers, codes, strict=True)
    ]


def _told(transaction: Transaction, reader: Mapping[str, str]) -> str | None:
    """Writes down that it was asked; answers the one-time code that the message carries, if it is for one."""
    referral_id, purpose = reader["referral_id"], reader["purpose"]
    look(transaction, referral_id, "notifications", purpose)
    if purpose not in CODES:
        return None
    return code_to_send(transaction, reader["event"], referral_id, reader["audience"])


def _recipient(reader: Mapping[str, str], known: _Opened | None, code: str | None, public_url: str) -> dict[str, Any]:
    if known is None:
        return nowhere(UNKNOWN)
    has_asked = reader["purpose"] in CODES
    if has_asked and code is None:
        return nowhere("code-expired")
    found = way_to(reader["audience"], known.details, known.children, has_asked)
    if found["channel"] is None:
        return found
    carried = {"code": code} if has_asked else {}
    return {**carried, **found, "reference": known.reference, "link": tracking_link(public_url, known.details)}


def _opened(store: Store, wanted: set[str]) -> dict[str, _Opened]:
    """The referrals that are there and not erased. One question and no transaction: nearly every message asks it."""
    found: dict[str, list[Any]] = {}
    with store.reading() as connection:
        for row in connection.execute(_OPENED, {"referrals": sorted(wanted)}):
            found.setdefault(row.id, []).append(row)
    return {referral_id: _open(store, referral_id, rows) for referral_id, rows in found.items()}


def _open(store: Store, referral_id: str, rows: Sequence[Any]) -> _Opened:
    key = store.resources.keyring.unwrap(referral_id, WrappedKey(rows[0].key_id, rows[0].wrapped))
    children = [key.open(f"child {row.child}", row.sealed) for row in rows if row.child is not None]
    return _Opened(key.open("details", rows[0].details), children, rows[0].reference)


def tracking_link(public_url: str, details: Part) -> str:
    """The page of a referral for people; for one that was taken without such a page, where people begin."""
    token = details.get("tracking")
    return f"{public_url.rstrip('/')}/track/{token}" if token else public_url
