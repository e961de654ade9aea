"""What became of messages after a carrier took them over, where the carrier can say: asked for, not waited for.

A message that was not delivered has failed, and that is told like any other failure. The first question comes after a
minute, later ones ever more rarely; after four days no answer is expected any more.
"""

from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

import structlog
from sqlalchemy import select, update

from services.notifications import deliveries
from services.notifications.carriers.carrier import Carrier, NotTaken
from services.notifications.carriers.notify import DELIVERED, UNDELIVERED
from services.notifications.domain import FAILED, SENT
from services.notifications.tables import deliveries as table
from shared.messaging.store import Store

log = structlog.get_logger(__name__)

BATCH = 50
LONGEST_PAUSE = timedelta(hours=1)
NO_MORE_AFTER = timedelta(days=4)


@runtime_checkable
class Telling(Protocol):
    """A carrier that can say how a message ended."""

    channel: str

    def receipt_of(self, carrier_id: str) -> str | None:
        """The end as a code, or None while there is none. Raises NotTaken when it cannot be asked."""
        ...


class Receipts:
    """One for each service in a process; any number of replicas ask for each receipt in turn, and write its end once."""

    def __init__(self, store: Store, carriers: list[Carrier]) -> None:
        self._store = store
        self._telling = {carrier.channel: carrier for carrier in carriers if isinstance(carrier, Telling)}

    def ask(self) -> int:
        """Asks for what is due; answers how many messages it asked after."""
        if not self._telling:
            return 0
        rows = self._claim()
        for row in rows:
            try:
                receipt = self._telling[row.channel].receipt_of(row.carrier_id)
            except NotTaken as problem:
                log.warning("receipt.delayed", delivery_id=row.id, problem=problem.code)
                continue
            if receipt is None and self._store.resources.clock.now() - row.ended_at > NO_MORE_AFTER:
                receipt = "not-known"
            if receipt is not None:
                self._write(row, receipt)
        return len(rows)

    def _claim(self) -> list[Any]:
        """Takes what is due by putting off its next question: whoever dies with it loses one turn."""
        now = self._store.resources.clock.now()
        due = select(table).where(
            table.c.receipt_due_at <= now, table.c.status == SENT, table.c.channel.in_(self._telling)
        )
        with self._store.reading() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self._store.writing() as transaction:
            query = due.order_by(table.c.receipt_due_at).limit(BATCH).with_for_update(skip_locked=True)
            rows = list(transaction.execute(query))
            for row in rows:
                pause = min(max(now - row.ended_at, deliveries.FIRST_RECEIPT), LONGEST_PAUSE)
                transaction.execute(update(table).where(table.c.id == row.id).values(receipt_due_at=now + pause))
        return rows

    def _write(self, row: Any, receipt: str) -> None:
        failed = receipt in UNDELIVERED
        values = {"receipt": receipt, "receipt_due_at": None} | (
            {"status": FAILED, "problem": receipt} if failed else {}
        )
        with self._store.writing() as transaction:
            awaited = (table.c.id == row.id) & table.c.receipt_due_at.is_not(None)
            if transaction.execute(update(table).where(awaited).values(**values)).rowcount == 1 and failed:
                deliveries.tell(transaction, row, FAILED, row.channel, receipt)
        log.log(30 if receipt not in DELIVERED else 20, "message.receipt", delivery_id=row.id, receipt=receipt)
