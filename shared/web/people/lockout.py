"""Waits after wrong tries: none for the first four, then longer and longer ones.

Kept for the e-mail that was typed, whether or not anybody has it, so that waiting tells nothing. A try is counted before it
is looked at: many at the same moment are still many.
"""

from datetime import timedelta

from sqlalchemy import delete, update

from shared.database.rows import insert_or
from shared.messaging.transaction import Transaction
from shared.web.people.tables import sign_in_tries as table

FREE = 4
FORGOTTEN_AFTER = timedelta(days=1)
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)
_UNLESS_LOCKED = (
    "(who) DO UPDATE SET failures = sign_in_tries.failures + 1, last_at = excluded.last_at "
    "WHERE sign_in_tries.locked_until IS NULL OR sign_in_tries.locked_until <= excluded.last_at"
)


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many wrong tries in a row: 1 minute after the fifth, then twice as long each time."""
    if failures <= FREE:
        return timedelta()
    return min(_FIRST * (1 << min(failures - FREE - 1, 10)), _LONGEST)


def take(transaction: Transaction, who: str) -> bool:
    """Counts a try; False, and nothing counted, while `who` (an e-mail's blind index) has to wait."""
    now = transaction.now
    transaction.execute(delete(table).where(table.c.who == who, table.c.last_at < now - FORGOTTEN_AFTER))
    row = {"who": who, "failures": 1, "last_at": now, "locked_until": None}
    counted = insert_or(transaction.connection, table, [row], _UNLESS_LOCKED, "failures")
    if not counted:
        return False
    wait = wait_after(counted[0][0])
    if wait:
        transaction.execute(update(table).where(table.c.who == who).values(locked_until=now + wait))
    return True


def give_back(transaction: Transaction, who: str) -> None:
    """The try was right, though not the whole way in yet."""
    transaction.execute(
        update(table).where(table.c.who == who).values(failures=table.c.failures - 1, locked_until=None)
    )


def forget(transaction: Transaction, who: str) -> None:
    """Somebody has signed in: the wrong tries before count no more."""
    transaction.execute(delete(table).where(table.c.who == who))
