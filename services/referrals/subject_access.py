"""Subject access: all that the referrals service holds about a family, in the clear. Each export is a look on record.

Left out are the secret of the tracking page and the keyed fingerprints of the children, which say nothing to anybody;
that there are such is told.
"""

from typing import Any

from sqlalchemy import Connection, Table, select

from services.referrals.erasing import row_of
from services.referrals.hold_tables import holds
from services.referrals.reading import look
from services.referrals.stored import Stored, opened
from services.referrals.tables import (
    access_codes,
    assessments,
    consents,
    looks,
    passes,
    timeline,
)
from shared.audit.record import record
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.privacy.desk import audited, shown
from shared.privacy.sealed import DataKey

PURPOSE = "subject-access"
Json = dict[str, Any]


def export(store: Store, reference: str, actor: str) -> Json:
    """What this service holds, and the referral's id to ask the others by; raises problems: 404, 410 for an erased one."""
    with store.writing() as transaction:
        row = row_of(transaction, reference)
        stored = opened(transaction, row, store.resources.keyring)
        look(transaction, row.id, actor, PURPOSE)
        transaction.flush()
        held = _held(transaction, stored)
        record(transaction, actor, "subject-access.export", row.id)
    return {"referral_id": row.id, "reference": row.reference, "held": held}


def _held(transaction: Transaction, stored: Stored) -> Json:
    connection, row, key = transaction.connection, stored.row, stored.key
    details = {name: value for name, value in stored.details.items() if name != "tracking"}
    told = shown(row, "id", "details", "tracking_hash", "decided_sequence")
    return {
        "referral": told,
        "what_was_said": details | {"children": [{"id": child_id, **child} for child_id, child in stored.children]},
        "agreements": [
            shown(each, "referral_id") | (key.open(f"consent {each.id}", bytes(each.sealed)) if each.sealed else {})
            for each in _rows(connection, consents, row.id)
        ],
        "timeline": _shown(connection, timeline, row.id, "id", "event_id"),
        "assessments": _shown(connection, assessments, row.id, "event_id"),
        "looks": _shown(connection, looks, row.id, "id"),
        "one_time_codes_asked_for": _shown(connection, access_codes, row.id, "id", "who", "tries"),
        "pages_opened_with_a_code": _shown(connection, passes, row.id, "id", "secret_hash"),
        "held_back_from_removal": [
            shown(each, "id", "referral_id") | _why(key, each) for each in _rows(connection, holds, row.id)
        ],
        "acts_of_people": audited(connection, [row.id]),
        "not_shown": [
            "A keyed fingerprint of each child's name and date of birth, by which a second referral is noticed.",
            "The secret in the address of the tracking page.",
        ],
    }


def _why(key: DataKey, hold: Any) -> Json:
    released = key.open("release", bytes(hold.released_for)) if hold.released_for else None
    return {"reason": key.open("hold", bytes(hold.reason)), "released_for": released}


def _rows(connection: Connection, table: Table, referral_id: str) -> list[Any]:
    query = select(table).where(table.c.referral_id == referral_id).order_by(*table.primary_key)
    return list(connection.execute(query))


def _shown(connection: Connection, table: Table, referral_id: str, *left_out: str) -> list[Json]:
    return [shown(each, "referral_id", *left_out) for each in _rows(connection, table, referral_id)]
