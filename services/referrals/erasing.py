"""Erasing a referral: its key is destroyed, so that nothing sealed under it can be read, and what was plain is removed.

What stays is a tombstone: reference, kind, owner, when it came and what happened, as codes and times; the looks, and the
audit. The other services hear `referral.erased` and do the same with what they hold; agencies that have the referral in
hand are recalled. Everything here is one commit, so there is no half of it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Row, delete, select, tuple_, update

from services.referrals.domain import ERASED, next_state
from services.referrals.hold_tables import holds
from services.referrals.intake import note
from services.referrals.tables import (
    access_codes,
    assessments,
    children,
    consents,
    drafts,
    idempotency,
    looks,
    passes,
    referral_keys,
    referrals,
)
from shared.audit.record import record
from shared.contracts.referrals import ReferralErased
from shared.http import problems
from shared.http.first_answers import SEALED_AS
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.privacy.erased import erase_here
from shared.references import read_reference

REASONS = ("asked-by-family", "asked-by-referrer", "no-lawful-basis", "other")
"""Why somebody may have a referral erased; those of the clock are the directory's rules."""
ROLE = "data-protection"
AROUND = timedelta(minutes=10)
"""How near to a referral's coming its first answer was kept."""


@dataclass(frozen=True)
class Erasure:
    """What was done. `seen_by` are the agencies that were shown the family, whom a person should tell."""

    referral_id: str
    reference: str
    again: bool
    seen_by: tuple[str, ...]


def erase(store: Store, reference: str, reason: str, actor: str) -> Erasure:
    """Erases for good; again, it changes nothing. Raises problems: 404 for no such reference, 409 while it is held."""
    with store.writing() as transaction:
        row = row_of(transaction, reference)
        done = erase_row(transaction, row, reason, actor)
    store.database.forget_deleted()
    return done


def erase_again(store: Store, referral_id: str, reason: str) -> bool:
    """Erases a referral that a backup has brought back, held or not; answers whether it had."""
    with store.writing() as transaction:
        row = transaction.execute(select(referrals).where(referrals.c.id == referral_id).with_for_update()).first()
        if row is None or row.status == ERASED:
            return False
        erase_row(transaction, row, reason, "waypost", held_too=True)
    store.database.forget_deleted()
    return True


def erase_row(transaction: Transaction, row: Row[Any], reason: str, actor: str, held_too: bool = False) -> Erasure:
    """Erases a row that the caller has locked, as the last thing in its transaction."""
    if not held_too and is_held(transaction, row.id):
        raise problems.conflict("held", "The referral is held", "Release it first: `waypost retention release`.")
    seen_by = select(looks.c.agency).where(looks.c.referral_id == row.id, looks.c.outcome == "shown").distinct()
    agencies = tuple(sorted(each for each in transaction.execute(seen_by).scalars() if each))
    if row.status == ERASED:
        return Erasure(row.id, row.reference, again=True, seen_by=agencies)
    status = next_state(row.status, "erase", ROLE, row.kind)
    event_id = transaction.publish(ReferralErased, row.id, {"referral_id": row.id, "reason": reason})
    note(transaction, row.id, "erased", {"reason": reason}, event_id)
    _blank_first_answers(transaction, row)
    transaction.execute(update(referrals).where(referrals.c.id == row.id).values(status=status, **_nothing()))
    erase_here(transaction, row.id, reason, clear)
    record(transaction, actor, "referral.erase", row.id, reason)
    return Erasure(row.id, row.reference, again=False, seen_by=agencies)


def clear(transaction: Transaction, referral_ids: Sequence[str]) -> None:
    """Removes every row of these referrals but the tombstone."""
    for table in (referral_keys, children, consents, assessments, access_codes, passes, drafts, holds):
        transaction.execute(delete(table).where(table.c.referral_id.in_(referral_ids)))


def is_held(transaction: Transaction, referral_id: str) -> bool:
    """Whether somebody has said that the referral must be kept."""
    query = select(holds.c.id).where(holds.c.referral_id == referral_id, holds.c.released_at.is_(None))
    return transaction.execute(query).first() is not None


def row_of(transaction: Transaction, reference: str) -> Row[Any]:
    """The referral's row, locked; raises a 404 problem."""
    written = read_reference(reference)
    query = select(referrals).where(referrals.c.reference == written).with_for_update()
    row = transaction.execute(query).first() if written else None
    if row is None:
        raise problems.not_found("There is no referral of this reference.")
    return row


def _nothing() -> dict[str, Any]:
    """The columns of a tombstone. Nobody has the secret that the new hash would be of."""
    return {
        "details": b"",
        "facts": {},
        "tracking_hash": secrets.token_bytes(32),
        "awaiting_since": None,
        "clock_due_at": None,
    }


def _blank_first_answers(transaction: Transaction, row: Row[Any]) -> None:
    """A first answer holds the tracking address. Its key stays taken: a repeat must not make the referral again."""
    keyring = transaction.resources.keyring
    around = idempotency.c.created_at.between(row.received_at - AROUND, row.received_at + AROUND)
    query = select(idempotency).where(idempotency.c.owner == row.owner, around)
    mine = [
        (each.owner, each.key)
        for each in transaction.execute(query)
        if orjson.loads(keyring.open(SEALED_AS, bytes(each.body))).get("id") == row.id
    ]
    blank = {"status": 410, "fingerprint": "", "body": keyring.seal(SEALED_AS, b"{}")}
    place = tuple_(idempotency.c.owner, idempotency.c.key)
    transaction.execute(update(idempotency).where(place.in_(mine)).values(**blank))
