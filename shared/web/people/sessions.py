"""Who is signed in: a secret in their browser's cookie, its hash here; it ends when idle, after a day's work, or when ended.

Somebody's role and end are read with the session on each request, so what is taken from them is gone at once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import DBAPIError

from shared.database.engine import is_away
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.web.people.person import Person
from shared.web.people.records import person_of
from shared.web.people.tables import people, sessions

IDLE_MINUTES = 30
LONGEST = timedelta(hours=12)
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Session:
    """One browser in which somebody is signed in."""

    id: str
    started_at: datetime
    seen_at: datetime


def cookie_of(service: str) -> str:
    """The cookie's plain name; each service has its own, since a browser tells no two ports of a machine apart."""
    return f"waypost-{service}"


def start(transaction: Transaction, person_id: str) -> str:
    """Signs somebody in; answers the secret for their cookie, which is stored nowhere."""
    now, secret = transaction.now, secrets.token_urlsafe(32)
    transaction.insert(
        sessions,
        id=new_id(),
        secret_hash=hash_of(secret),
        person_id=person_id,
        started_at=now,
        seen_at=now,
        ends_at=now + LONGEST,
    )
    return secret


def find(store: Store, secret: str, idle: timedelta) -> tuple[Session, Person] | None:
    """The session of this cookie and whose it is, unless it has ended; being seen keeps it from being idle."""
    now = store.resources.clock.now()
    query = (
        select(sessions.c.id.label("session_id"), sessions.c.started_at, sessions.c.seen_at, people)
        .join(people, people.c.id == sessions.c.person_id)
        .where(sessions.c.secret_hash == hash_of(secret), sessions.c.ends_at > now, sessions.c.seen_at > now - idle)
        .where(people.c.ended_at.is_(None))
    )
    with store.reading() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    if now - row["seen_at"] > _NOTED_EVERY:
        _note_seen(store, row["session_id"], now)
    return Session(row["session_id"], row["started_at"], row["seen_at"]), person_of(store.resources.keyring, row)


def _note_seen(store: Store, session_id: str, now: datetime) -> None:
    """A database that takes nothing just now keeps nobody from looking at what is wrong with it."""
    try:
        with store.writing() as transaction:
            transaction.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))
    except DBAPIError as error:
        if not is_away(error):
            raise


def of_person(connection: Connection, person_id: str, now: datetime, idle: timedelta) -> list[Session]:
    """Where somebody is signed in, the newest first."""
    query = (
        select(sessions)
        .where(sessions.c.person_id == person_id, sessions.c.ends_at > now, sessions.c.seen_at > now - idle)
        .order_by(sessions.c.id.desc())
    )
    return [Session(row["id"], row["started_at"], row["seen_at"]) for row in connection.execute(query).mappings()]


def end(transaction: Transaction, person_id: str, session_id: str) -> None:
    """Ends one of somebody's own sessions."""
    transaction.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.id == session_id))


def end_all(transaction: Transaction, person_id: str, but: str | None = None) -> None:
    """Signs somebody out everywhere, or everywhere but in one session."""
    others = [] if but is None else [sessions.c.id != but]
    transaction.execute(delete(sessions).where(sessions.c.person_id == person_id, *others))


def hash_of(secret: str) -> str:
    """How a secret of 256 random bits is stored; there is nothing to guess that a slow hash would protect."""
    return hashlib.sha256(secret.encode()).hexdigest()
