"""The entry point that feeds a service's inbox: batches of whatever waits in its queue, acknowledged once they are held.

It starts without a broker and reconnects for ever. While the inbox cannot hold a batch (its database is away) the batch
stays here, unacknowledged, and is offered again, so an outage turns no wheel. Stopping ends after the batch in hand.
"""

import time
from collections.abc import Collection
from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal
from nameko.extensions import Entrypoint

from shared.contracts.envelope import EventSchema
from shared.messaging.broker import Consumer, Incoming
from shared.messaging.runtime import Runtime

log = structlog.get_logger(__name__)

BATCH = 200
BEAT_SECONDS = 5
LONGEST_PAUSE = 10.0
STOP_WITHIN = 20
COMPANY_WITHIN = 0.05


class Subscription(Entrypoint):
    """`@subscription def receive(self, bodies)`: called with a list of bodies; they are acknowledged when it returns.

    `@subscription(pace=0.1)` lets so many seconds pass between two batches: a service that nobody waits for takes its
    messages in company, which costs each a fraction. The first after a rest is still taken at once.

    `@subscription(followed=(ReferralSubmitted,))` names events that lead to nothing before the next about the same referral:
    they wait a moment for it, since the two together cost half.
    """

    def __init__(self, pace: float = 0.0, followed: Collection[type[EventSchema]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._pace = pace
        self._followed = frozenset(schema.type() for schema in followed)
        self._stopping = False
        self._ended = Signal()
        self.connected = False

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.container.config["runtime"]
        return runtime

    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier="subscription")

    def stop(self) -> None:
        """Returns when the batch in hand is done and the broker knows it."""
        self._stopping = True
        with eventlet.Timeout(STOP_WITHIN, False):
            self._ended.wait()

    def _run(self) -> None:
        pause = 0.1
        while not self._stopping:
            try:
                consumer = self.runtime.broker.consumer(self.runtime.queue)
                self.connected, pause = True, 0.1
                try:
                    self._consume(consumer)
                finally:
                    self.connected = False
                    self.runtime.metrics.in_flight = 0
                    consumer.close()
            except Exception as error:
                log.warning("subscription.interrupted", service=self.runtime.service, error=type(error).__name__)
                eventlet.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        self._ended.send()

    def _consume(self, consumer: Consumer) -> None:
        """What was received counts as in flight until it is acknowledged and nothing more is at hand."""
        metrics = self.runtime.metrics
        while not self._stopping:
            messages = consumer.receive(BATCH)
            while messages:
                messages = self._with_company(consumer, messages)
                metrics.in_flight = len(messages)
                metrics.batch(len(messages))
                if not self._held(consumer, messages):
                    return
                if self._pace and not self._stopping:
                    consumer.rest(self._pace)
                consumer.acknowledge(messages)
                consumer.beat()
                messages = [] if self._stopping else consumer.at_hand(BATCH)
            metrics.in_flight = 0
            consumer.beat()

    def _with_company(self, consumer: Consumer, messages: list[Incoming]) -> list[Incoming]:
        """These and what comes within a moment, while all of them are of the kinds that something follows."""
        end = time.monotonic() + COMPANY_WITHIN
        while self._followed.issuperset(message.kind for message in messages) and len(messages) < BATCH:
            left = end - time.monotonic()
            if left <= 0 or self._stopping:
                break
            messages += consumer.receive(BATCH - len(messages), left)
        return messages

    def _held(self, consumer: Consumer, messages: list[Incoming]) -> bool:
        """Offers the batch until it is taken; False when we are stopped before."""
        pause = 0.2
        while True:
            error = self._offer(consumer, [message.body for message in messages])
            if error is None:
                return True
            if self._stopping:
                return False
            log.warning("batch.waits", service=self.runtime.service, error=type(error).__name__)
            consumer.beat()
            eventlet.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _offer(self, consumer: Consumer, bodies: list[bytes]) -> BaseException | None:
        done = Signal()

        def handle_result(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send(exc_info[1] if exc_info else None)
            return result, None

        self.container.spawn_worker(self, (bodies,), {}, handle_result=handle_result)
        while True:
            with eventlet.Timeout(BEAT_SECONDS, False):
                error: BaseException | None = done.wait()
                return error
            consumer.beat()


subscription = Subscription.decorator
