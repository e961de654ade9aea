"""After a restore: what was sent of late is sent again, with the same ids, and agencies' cursors stay behind what is new.

Consumers know by the id what they have had; of what they lost with their database they hear again. Positions that were
given out after the backup may stand in agencies' cursors, so the next ones are given far beyond them.
"""

from datetime import datetime

from sqlalchemy import func, insert, select, update

from shared.messaging.store import Store
from shared.privacy.erased import erased

BEYOND = 1_000_000_000
"""More positions than are given out between a backup and its restore."""


def send_again(store: Store, since: datetime) -> int:
    """Marks what was written since then as not yet sent, but for what was erased; answers how many events."""
    outbox = store.metadata.tables["outbox"]
    gone = select(erased.c.referral_id)
    late = outbox.c.written_at >= since, outbox.c.sent_at.is_not(None), outbox.c.position.is_(None)
    with store.writing() as transaction:
        unsent = {"sent_at": None, "due_at": transaction.now, "attempts": 0, "problem": None}
        statement = update(outbox).where(*late, outbox.c.audience.is_(None), outbox.c.subject.not_in(gone))
        return int(transaction.execute(statement.values(**unsent)).rowcount)


def tell_agencies_again(store: Store, since: datetime) -> int:
    """Writes down anew, behind everything, what agencies were told since then; answers how many events."""
    outbox = store.metadata.tables["outbox"]
    with store.writing() as transaction:
        last = int(transaction.execute(select(func.coalesce(func.max(outbox.c.position), 0))).scalar_one())
        # A row that is never sent, to hold the place.
        marker = {
            "event_id": f"restored-{transaction.now:%Y%m%dT%H%M%S%f}",
            "type": "uk.waypost.routing.feed.restored.v1",
            "subject": "restored",
            "sequence": 0,
            "audience": None,
            "body": b"{}",
            "written_at": transaction.now,
            "due_at": transaction.now,
            "attempts": 0,
            "sent_at": transaction.now,
            "position": last + BEYOND,
        }
        transaction.execute(insert(outbox).values(**marker))
        told = update(outbox).where(
            outbox.c.audience.is_not(None), outbox.c.written_at >= since, outbox.c.sent_at.is_not(None)
        )
        unsent = {"sent_at": None, "due_at": transaction.now, "attempts": 0, "problem": None}
        return int(transaction.execute(told.values(**unsent)).rowcount)
