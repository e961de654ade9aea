"""What people write at a task: notes, and who works on it. Sealed under a key of the task's own.

Whoever destroys that key erases what was written, in every backup too. Only the task's agency is shown any of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

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


def workers_of(connection: Connection, keyring: Keyring, rows: Iterable[Mapping[Any, Any]]) -> dict[str, str | None]:
    """Who works on each of these tasks, by the task's id, where somebody does."""
    sealed = {row["id"]: row["worker"] for row in rows if row["worker"] is not None}
    if not sealed:
        return {}
    found = connection.execute(select(task_keys).where(task_keys.c.task_id.in_(sealed)))
    keys = {row.task_id: keyring.unwrap(row.task_id, WrappedKey(row.key_id, bytes(row.wrapped))) for row in found}
    return {task_id: opened(keys.get(task_id), WORKER, worker) for task_id, worker in sealed.items()}


def worker_index(keyring: Keyring, agency: str, worker: str) -> str:
    """How an agency's tasks are found by who works on them; case does not count."""
    return keyring.blind_index("task-worker", agency, worker)


def opened(key: DataKey | None, part: str, sealed: bytes | None) -> str | None:
    """What was written; None where nothing was, or its key is gone."""
    return str(key.open(part, bytes(sealed))) if key and sealed else None
