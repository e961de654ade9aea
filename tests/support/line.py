"""Two services with nothing of their own and the broker between them: one tells, the other notes what it hears."""

from pathlib import Path

import eventlet
from sqlalchemy import func, select

from shared.contracts.referrals import ReferralWithdrawn
from shared.messaging.broker import Consumer, queue_of
from shared.messaging.inbox import Inbox
from shared.messaging.relay import Relay
from shared.messaging.runtime import Runtime
from tests.support.pairs import Pair
from tests.support.parts import TOPOLOGY, SteppedClock, heard, hearer_metadata, note, runtime_for, teller_metadata


class Line:
    """A teller and a hearer with the broker between them, driven by hand."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.clock = SteppedClock()
        self.teller = runtime_for(pair, folder, "referrals", teller_metadata(), self.clock)
        self.hearer = runtime_for(pair, folder, "routing", hearer_metadata(), self.clock)
        for runtime in (self.teller, self.hearer):
            with runtime.store.database.writing() as connection:
                runtime.metadata.create_all(connection)
        self.teller.broker.declare(TOPOLOGY)
        self.inbox = Inbox(self.hearer.store, {ReferralWithdrawn: note}, self.hearer.metrics)
        self.relay = Relay(self.teller.store, self.teller.broker, self.teller.metrics, ["agency-a"])

        self._running: list[eventlet.greenthread.GreenThread] = []

    def start_relay(self) -> None:
        self._running.append(eventlet.spawn(self.relay.run))

    def receive(self, consumer: Consumer, *, acknowledge: bool = True) -> list[bytes]:
        messages = consumer.receive(200)
        self.inbox.take([message.body for message in messages])
        if acknowledge:
            consumer.acknowledge(messages)
        return [message.body for message in messages]

    def receive_until(self, count: int) -> None:
        """Takes what comes until `count` events have been heard; the test's time limit ends a wait in vain."""
        consumer = self.hearer.broker.consumer(queue_of("routing"))
        while len(heard(self.hearer)) < count:
            self.receive(consumer)
        consumer.close()

    def wait_until_sent(self) -> None:
        while self.unsent():
            eventlet.sleep(0.01)

    def unsent(self) -> list[str | None]:
        """The problem of each event that is not sent."""
        table = self.teller.metadata.tables["outbox"]
        with self.teller.store.reading() as connection:
            return list(connection.execute(select(table.c.problem).where(table.c.sent_at.is_(None))).scalars())

    def close(self) -> None:
        self.relay.stop()
        for thread in self._running:
            thread.wait()
        for runtime in (self.teller, self.hearer):
            runtime.store.database.close()


def count(runtime: Runtime, table: str) -> int:
    with runtime.store.reading() as connection:
        return connection.execute(select(func.count()).select_from(runtime.metadata.tables[table])).scalar_one()
