"""The broker of the default: kombu's in-process transport, for services that share one process.

It keeps nothing on disk, so a message counts as held only when every consumer has taken and committed it: until then its
outbox row stays unsent, and the next start sends it again. Consumers are woken, they do not poll: idle costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty
from typing import Any, ClassVar

import eventlet
from eventlet.event import Event as Signal
from kombu import Connection, Exchange, Queue
from kombu.transport.memory import Channel

from shared.contracts.envelope import CONTENT_TYPE
from shared.messaging.broker import AGENCIES, EVENTS, Depth, Incoming, Outgoing, Topology, queue_of

HELD_WITHIN = 60


@dataclass
class _Taken:
    """How many consumers have yet to commit a message."""

    left: int
    done: Signal = field(default_factory=Signal)


class InProcessBroker:
    """One for each address in a process, since all its services must meet in it."""

    prefetch: int | None = None
    _brokers: ClassVar[dict[str, "InProcessBroker"]] = {}

    def __init__(self, url: str) -> None:
        self._prefix = url.partition("://")[2].strip("/") + "/"
        self.channel: Channel = Connection("memory://").channel()
        self.awaited: dict[str, _Taken] = {}
        self.bell: dict[str, Signal] = {}
        self._consuming: dict[str, int] = {}

    @classmethod
    def named(cls, url: str) -> "InProcessBroker":
        return cls._brokers.setdefault(url, cls(url))

    def name(self, thing: str) -> str:
        """Exchanges and queues of kombu's transport are global to the process, so each address has names of its own."""
        return self._prefix + thing

    def declare(self, topology: Topology) -> None:
        events = Exchange(self.name(EVENTS), "topic").bind(self.channel)
        events.declare()
        Exchange(self.name(AGENCIES), "topic").bind(self.channel).declare()
        for service, types in topology.services.items():
            queue = Queue(self.name(queue_of(service, topology.salt))).bind(self.channel)
            queue.queue_declare()
            for kind in types:
                queue.bind_to(self.name(EVENTS), routing_key=kind)

    def publisher(self) -> "InProcessPublisher":
        return InProcessPublisher(self)

    def consumer(self, queue: str) -> "InProcessConsumer":
        self._consuming[queue] = self._consuming.get(queue, 0) + 1
        return InProcessConsumer(self, queue)

    def gone(self, queue: str) -> None:
        self._consuming[queue] -= 1

    def depth(self, queue: str) -> Depth:
        return Depth(self.channel._size(self.name(queue)), self._consuming.get(queue, 0))

    def ring(self, queue: str) -> None:
        """Wakes the consumer of a queue."""
        bell = self.bell.pop(queue, None)
        if bell is not None:
            bell.send()


class InProcessPublisher:
    """Puts messages into the queues that want them and waits until their consumers have committed them."""

    def __init__(self, broker: InProcessBroker) -> None:
        self._broker = broker

    def publish(self, messages: Sequence[Outgoing]) -> dict[int, str | None]:
        answers: dict[int, str | None] = {}
        waiting: list[tuple[int, _Taken]] = []
        for message in messages:
            queues = self._queues_for(message)
            if message.exchange == AGENCIES:
                answers[message.key] = None  # The feed in the database is the agency's channel here.
            elif not queues:
                answers[message.key] = "unroutable"
            else:
                waiting.append((message.key, self._put(message, queues)))
        with eventlet.Timeout(HELD_WITHIN, False):
            for key, taken in waiting:
                taken.done.wait()
                answers[key] = None
        return answers

    def beat(self) -> None:
        """Nothing listens for one in the same process."""

    def close(self) -> None:
        """Nothing to close: the channel is the broker's."""

    def _queues_for(self, message: Outgoing) -> list[str]:
        channel = self._broker.channel
        found: list[str] = channel.typeof(self._broker.name(message.exchange)).lookup(
            channel.get_table(self._broker.name(message.exchange)),
            self._broker.name(message.exchange),
            message.routing_key,
            None,
        )
        return sorted(set(found))

    def _put(self, message: Outgoing, queues: list[str]) -> _Taken:
        broker = self._broker
        already = broker.awaited.get(message.event_id)
        if already is not None:
            return already
        taken = broker.awaited[message.event_id] = _Taken(len(queues))
        prepared = broker.channel.prepare_message(
            message.body, content_type=CONTENT_TYPE, properties={"message_id": message.event_id}
        )
        broker.channel.basic_publish(prepared, exchange=broker.name(message.exchange), routing_key=message.routing_key)
        for queue in queues:
            broker.ring(queue.removeprefix(broker.name("")))
        return taken


class InProcessConsumer:
    """Takes from one queue; acknowledging the last open copy of a message tells its publisher that it is held."""

    def __init__(self, broker: InProcessBroker, queue: str) -> None:
        self._broker = broker
        self._queue = queue

    def receive(self, most: int, within: float = 1.0) -> list[Incoming]:
        batch = self.at_hand(most)
        if not batch:
            bell = self._broker.bell.setdefault(self._queue, Signal())
            with eventlet.Timeout(within, False):
                bell.wait()
            batch = self.at_hand(most)
        return batch

    def rest(self, seconds: float) -> None:
        """Does not rest: a relay in this process waits until every consumer has acknowledged."""

    def at_hand(self, most: int) -> list[Incoming]:
        batch: list[Incoming] = []
        while len(batch) < most:
            try:
                raw: Any = self._broker.channel._get(self._broker.name(self._queue))
            except Empty:
                break
            message = self._broker.channel.message_to_python(raw)
            body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
            batch.append(Incoming(body, message.properties.get("message_id")))
        return batch

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        for message in messages:
            taken = self._broker.awaited.get(message.tag)
            if taken is None:
                continue
            taken.left -= 1
            if taken.left == 0:
                del self._broker.awaited[message.tag]
                taken.done.send()

    def beat(self) -> None:
        """Nothing listens for one in the same process."""

    def close(self) -> None:
        self._broker.gone(self._queue)
