"""Looking at a service's audit: page by page for people, and whole to verify it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from shared.audit.chain import Entry, Head, Verdict, verify
from shared.audit.record import HEAD, audit_key
from shared.audit.tables import audit, audit_head
from shared.messaging.store import Store

BATCH = 1000


def verify_store(store: Store, passes: tuple[int, str] | None = None) -> Verdict:
    """Walks a service's whole audit in one reading of the database; memory does not grow with it."""
    with store.reading() as connection:
        row = connection.execute(select(audit_head).where(audit_head.c.id == HEAD)).first()
        head = Head(row.number, row.mac, row.seal) if row else None
        return verify(audit_key(store.resources.keyring), _entries(connection), head, passes)


def newest(
    connection: Connection,
    limit: int,
    before: int | None = None,
    subject: str | None = None,
    action: str | None = None,
    actor: str | None = None,
) -> list[Row[Any]]:
    """At most `limit` entries, the newest first: older than the row id `before`, about `subject`, of a kind, by somebody."""
    wanted = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(audit.c.id < before)
    if subject is not None:
        wanted = wanted.where(audit.c.subject == subject)
    if action is not None:
        wanted = wanted.where(audit.c.action == action)
    if actor is not None:
        wanted = wanted.where(audit.c.actor == actor)
    return list(connection.execute(wanted))


def _entries(connection: Connection) -> Iterator[Entry]:
    for row in connection.execute(select(audit).where(audit.c.number.is_(None)).limit(BATCH)):
        yield _entry(row)
    last = 0
    while True:
        wanted = select(audit).where(audit.c.number > last).order_by(audit.c.number).limit(BATCH)
        rows = connection.execute(wanted).all()
        for row in rows:
            yield _entry(row)
        if len(rows) < BATCH:
            return
        last = rows[-1].number


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.number, row.at, row.actor, row.action, row.subject, row.detail, row.mac)
