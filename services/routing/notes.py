"""What people write at a task: notes, and who works on it. Sealed under a key of the task's own.

Whoever destroys that key erases what was written, in every backup too. Only the task's agency is shown any of it.
"""

from sqlalchemy import Connection, select

from services.routing.tables import task_keys
from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring
from shared.privacy.sealed import DataKey, WrappedKey

NOTE, WORKER = "note", "worker"


def key_to_write(transaction: Transaction, task_id: str) -> DataKey:
    """The task's key, made when something is first written. The caller holds the referral's row."""
    keyring = transaction.resources.keyring
    transaction.flush()
    key = key_to_read(transaction.connection, keyring, task_id)
    if key is None:
        key, wrapped = keyring.new_key(task_id)
        transaction.insert(task_keys, task_id=task_id, key_id=wrapped.key_id, wrapped=wrapped.blob)
    return key


def key_to_read(connection: Connection, keyring: Keyring, task_id: str) -> DataKey | None:
    """The task's key; None when nothing was written, or it has been erased."""
    row = connection.execute(select(task_keys).where(task_keys.c.task_id == task_id)).first()
    return keyring.unwrap(task_id, WrappedKey(row.key_id, bytes(row.wrapped))) if row else None


def opened(key: DataKey | None, part: str, sealed: bytes | None) -> str | None:
    """What was written; None where nothing was, or its key is gone."""
    return str(key.open(part, bytes(sealed))) if key and sealed else None
