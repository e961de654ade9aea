"""Passes: what a one-time code opens. One referral, for one who follows it, until it lies idle for half an hour.

A pass is a secret in a browser's cookie or a program's `Authorization`; its hash is here. It opens the routes of its own
referral alone, and there what the table of transitions allows to its role.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from services.referrals.domain import REFERRER
from services.referrals.tables import passes
from shared.http.keys import Key
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=4)
PREFIX = "wf_"
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Pass(Key):
    """Who asks with a pass; `role` is `referrer` or `family`. As a key it owns nothing and has no scope."""

    referral_id: str
    role: str


def role_of(key: Key) -> str:
    """What somebody is to the referral that they ask about: an organisation's key is its referrer's."""
    return key.role if isinstance(key, Pass) else REFERRER


def issue(transaction: Transaction, referral_id: str, role: str) -> str:
    """A new pass, as the secret that is stored nowhere; what has ended goes."""
    now, secret = transaction.now, PREFIX + secrets.token_urlsafe(32)
    transaction.execute(delete(passes).where(passes.c.ends_at < now))
    transaction.insert(
        passes,
        id=new_id(),
        secret_hash=_hash(secret),
        referral_id=referral_id,
        role=role,
        seen_at=now,
        ends_at=now + LONGEST,
    )
    return secret


def find_pass(store: Store, secret: str) -> Pass | None:
    """The pass of this secret, unless it has ended; being seen keeps it from being idle."""
    if not secret.startswith(PREFIX):
        return None
    now = store.resources.clock.now()
    wanted = select(passes).where(
        passes.c.secret_hash == _hash(secret), passes.c.ends_at > now, passes.c.seen_at > now - IDLE
    )
    with store.reading() as connection:
        row = connection.execute(wanted).first()
    if row is None:
        return None
    if now - row.seen_at > _NOTED_EVERY:
        with store.writing() as transaction:
            transaction.execute(update(passes).where(passes.c.id == row.id).values(seen_at=now))
    name = f"{row.role}:{row.id}"
    return Pass(id=name, owner=name, scopes=frozenset(), referral_id=row.referral_id, role=row.role)


def end_pass(store: Store, key: Key) -> None:
    """Nothing happens to a key that is no pass."""
    with store.writing() as transaction:
        transaction.execute(delete(passes).where(passes.c.id == _id_of(key)))


def end_others(transaction: Transaction, referral_id: str, role: str, key: Key) -> None:
    """Ends every pass of this role to a referral but the one that asks: whoever else looked over a shoulder is out."""
    others = delete(passes).where(passes.c.referral_id == referral_id, passes.c.role == role)
    transaction.execute(others.where(passes.c.id != _id_of(key)))


def _id_of(key: Key) -> str:
    return key.id.rpartition(":")[2]


def _hash(secret: str) -> str:
    """There is nothing to guess about 256 random bits that a slow hash would protect."""
    return hashlib.sha256(secret.encode()).hexdigest()
