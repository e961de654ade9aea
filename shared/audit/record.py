"""Writing an act down, in the transaction in which it is done: what is not on record was not done.

Writers take turns by the head's row, so it is the last thing that a transaction does before it ends.
"""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from shared.audit.chain import START, mac_of, seal_of
from shared.audit.tables import ACTION, ACTOR, DETAIL, SUBJECT, audit, audit_head
from shared.database.rows import insert_or
from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring

HEAD = 1


def record(transaction: Transaction, actor: str, action: str, subject: str, detail: str = "") -> None:
    """One act: `actor` is a key's or a person's id (`key:…`, `p:…`), `detail` codes or counts; nothing personal."""
    record_each(transaction, actor, action, [subject], detail)


def record_each(transaction: Transaction, actor: str, action: str, subjects: Sequence[str], detail: str = "") -> None:
    """One act on each of many subjects, in one turn."""
    if not subjects:
        return
    key = audit_key(transaction.resources.keyring)
    # The moment is kept to the microsecond everywhere, which the hash relies on.
    at = transaction.now
    number, mac = _turn(transaction, key)
    said = actor[:ACTOR], action[:ACTION]
    rows = []
    for subject in subjects:
        number += 1
        mac = mac_of(key, mac, number, at, *said, subject[:SUBJECT], detail[:DETAIL])
        rows.append({"at": at, "actor": said[0], "action": said[1], "subject": subject[:SUBJECT]})
        rows[-1] |= {"detail": detail[:DETAIL], "number": number, "mac": mac}
    transaction.execute(insert(audit), rows)
    values = {"number": number, "mac": mac, "seal": seal_of(key, number, mac)}
    transaction.execute(update(audit_head).where(audit_head.c.id == HEAD).values(values))


def audit_key(keyring: Keyring) -> bytes:
    """The key of the chain."""
    return keyring.derived("audit")


def _turn(transaction: Transaction, key: bytes) -> tuple[int, str]:
    """Waits for this writer's turn; answers the newest number and hash."""
    head = select(audit_head).where(audit_head.c.id == HEAD).with_for_update()
    while (row := transaction.execute(head).first()) is None:
        # Somebody else may be the first as well: that one is waited for.
        first = {"id": HEAD, "number": 0, "mac": START, "seal": seal_of(key, 0, START)}
        insert_or(transaction.connection, audit_head, [first], "DO NOTHING", "id")
    return row.number, row.mac
