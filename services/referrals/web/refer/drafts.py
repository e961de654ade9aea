"""Forms that are not sent yet: kept sealed for thirty days at most, found by a secret that only the browser holds.

Two tabs may write to one form: each change is made on what is stored at that moment, or made again. A form that was sent
keeps nothing but the id of its referral, so that sending it again leads there.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import delete, select, update

from services.referrals.tables import drafts
from services.referrals.web.refer.document import Document
from shared.http import problems
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

KEPT = timedelta(days=30)
IDLE = timedelta(minutes=60)
TRIES = 10
T = TypeVar("T")


class NoDraft(Exception):
    """There is no such form: it was never begun, was thrown away, or is older than it may be."""


@dataclass(frozen=True)
class Draft:
    """A form as it is stored; `document` is empty once it was sent as `referral_id`."""

    id: str
    document: Document
    version: int
    changed_at: datetime
    expires_at: datetime
    referral_id: str | None

    def is_idle(self, now: datetime) -> bool:
        """Whether nobody has written to it for so long that somebody else may sit there now."""
        return now - self.changed_at > IDLE

    def is_closed(self, now: datetime) -> bool:
        """Whether it may not be shown before somebody has said what stands in it."""
        return self.is_idle(now) or bool((self.document.get("form") or {}).get("closed"))


class Drafts:
    """One for each service in a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keyring = store.resources.keyring

    def begin(self, document: Document) -> str:
        """Stores a new form; gives the secret that finds it again."""
        secret, draft_id = secrets.token_urlsafe(24), new_id()

        def work(transaction: Transaction) -> None:
            transaction.insert(
                drafts,
                id=draft_id,
                secret_hash=_hash(secret),
                sealed=self._sealed(draft_id, document),
                version=1,
                started_at=transaction.now,
                changed_at=transaction.now,
                expires_at=transaction.now + KEPT,
                referral_id=None,
            )

        self._store.together(work)
        return secret

    def find(self, secret: str | None) -> Draft:
        """The form of a secret; raises NoDraft."""
        with self._store.reading() as connection:
            row = connection.execute(select(drafts).where(drafts.c.secret_hash == _hash(secret or ""))).first()
        if row is None or row.expires_at <= self._store.resources.clock.now():
            raise NoDraft
        document = orjson.loads(self._keyring.open(f"draft {row.id}", bytes(row.sealed))) if row.sealed else {}
        return Draft(row.id, document, row.version, row.changed_at, row.expires_at, row.referral_id)

    def change(self, secret: str | None, work: Callable[[Draft], tuple[Document | None, T]]) -> T:
        """What `work` answers beside the document that is to be kept (None: as it is). Made again where another was faster."""
        for _ in range(TRIES):
            draft = self.find(secret)
            document, answer = work(draft)
            if document is None or self._write(draft, document):
                return answer
        raise problems.conflict("form-changed", "The form is changed from several places at once")

    def discard(self, secret: str | None) -> None:
        """Throws a form away, with all that stands in it."""
        hashed = _hash(secret or "")
        self._store.together(
            lambda transaction: transaction.execute(delete(drafts).where(drafts.c.secret_hash == hashed))
        )

    def forget_old(self) -> None:
        """Deletes what is older than forms may be."""
        now = self._store.resources.clock.now()
        self._store.together(lambda transaction: transaction.execute(delete(drafts).where(drafts.c.expires_at <= now)))

    def _write(self, draft: Draft, document: Document) -> bool:
        sealed = self._sealed(draft.id, document)

        def work(transaction: Transaction) -> bool:
            return move_on(transaction, draft, sealed=sealed)

        written: bool = self._store.together(work)
        return written

    def _sealed(self, draft_id: str, document: Document) -> bytes:
        return self._keyring.seal(f"draft {draft_id}", orjson.dumps(document))


def move_on(transaction: Transaction, draft: Draft, **values: Any) -> bool:
    """Writes to a form, unless it has changed or was sent since it was read."""
    same = (drafts.c.id == draft.id) & (drafts.c.version == draft.version) & drafts.c.referral_id.is_(None)
    values |= {"version": draft.version + 1, "changed_at": transaction.now}
    return bool(transaction.execute(update(drafts).where(same).values(**values)).rowcount)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
