"""First answers kept beside the work that they answer, in its commit, for when the same Idempotency-Key comes again.

They are sealed: an answer may hold a tracking address, or what a person wrote.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select

from shared.http.idempotency import Record
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

SEALED_AS = "first answer"
KEPT = timedelta(days=7)


class FirstAnswers:
    """A service's first answers, in its table `idempotency`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table = store.metadata.tables["idempotency"]

    def keep(self, transaction: Transaction, owner: str, key: str, asked: str, status: int, body: bytes) -> None:
        """Writes the answer to a request (`asked` is its fingerprint). A key that is taken fails the transaction."""
        transaction.insert(
            self._table,
            owner=owner,
            key=key,
            fingerprint=asked,
            status=status,
            body=self._store.resources.keyring.seal(SEALED_AS, body),
            created_at=transaction.now,
        )

    def forget(self) -> None:
        """Removes those that nobody repeats any more: clients that do, do so within days."""
        with self._store.writing() as transaction:
            old = self._table.c.created_at < transaction.now - KEPT
            transaction.execute(delete(self._table).where(old))

    def find(self, owner: str, key: str) -> Record | None:
        """The first answer that an owner's key was given."""
        table = self._table
        with self._store.reading() as connection:
            row = connection.execute(select(table).where(table.c.owner == owner, table.c.key == key)).mappings().first()
        if row is None:
            return None
        record = Record(**row)
        return replace(record, body=self._store.resources.keyring.open(SEALED_AS, bytes(record.body)))
