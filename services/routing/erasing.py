"""Erasing at routing: open tasks are recalled, the keys of what people wrote are destroyed, receipts and rulings removed.

What stays of a task is that there was one: agency, states, days and moves, as codes. The agency's feed shows a tombstone.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Select, delete, select, tuple_, update

from services.routing.deciding import learn
from services.routing.tables import idempotency, moves, referrals, rulings, task_keys, tasks
from shared.contracts.envelope import Event
from shared.http.first_answers import SEALED_AS
from shared.messaging.transaction import Transaction
from shared.privacy.erased import erase_here

ENDED = "erased"


def erased(transaction: Transaction, event: Event) -> None:
    """A referral was erased: who has it in hand must stop, then what is held of it goes."""
    referral_id = event.data["referral_id"]
    learn(transaction, event, referral_id, lambda known: known.with_end(event.sequence, ENDED))
    erase_here(transaction, referral_id, event.data["reason"], clear)


def clear(transaction: Transaction, referral_ids: Sequence[str]) -> None:
    """Removes what is held of these referrals beside states and times."""
    mine = select(tasks.c.id).where(tasks.c.referral_id.in_(referral_ids))
    _blank_first_answers(transaction, mine)
    transaction.execute(delete(task_keys).where(task_keys.c.task_id.in_(mine)))
    transaction.execute(delete(rulings).where(rulings.c.referral_id.in_(referral_ids)))
    written = update(moves).where(moves.c.task_id.in_(mine), moves.c.note.is_not(None))
    transaction.execute(written.values(note=None))
    empty: dict[str, Any] = {
        "receipt": {},
        "children": [],
        "ages": [],
        "items": [],
        "worker": None,
        "worker_index": None,
    }
    transaction.execute(update(tasks).where(tasks.c.referral_id.in_(referral_ids)).values(**empty))
    nothing: dict[str, Any] = {"chosen": [], "scope": [], "outcomes": [], "duplicates": [], "ruling": None}
    transaction.execute(update(referrals).where(referrals.c.referral_id.in_(referral_ids)).values(**nothing))


def _blank_first_answers(transaction: Transaction, mine: Select[tuple[str]]) -> None:
    """First answers to agencies hold the whole task, notes too. Their keys stay taken."""
    keyring = transaction.resources.keyring
    found = transaction.execute(select(tasks.c.id, tasks.c.agency).where(tasks.c.id.in_(mine))).all()
    ids = {row.id for row in found}
    theirs = select(idempotency).where(idempotency.c.owner.in_({row.agency for row in found}))
    taken = [
        (each.owner, each.key)
        for each in transaction.execute(theirs)
        if orjson.loads(keyring.open(SEALED_AS, bytes(each.body))).get("id") in ids
    ]
    place = tuple_(idempotency.c.owner, idempotency.c.key)
    blank = {"body": keyring.seal(SEALED_AS, b"{}")}
    transaction.execute(update(idempotency).where(place.in_(taken)).values(**blank))
