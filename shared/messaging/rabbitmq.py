"""RabbitMQ: quorum queues, mandatory and persistent messages, publisher confirms counted in a window.

One confirm at a time cannot keep up, so a whole batch is published and then its confirms are awaited. Connections are
made by whoever uses them and closed when anything goes wrong: the caller begins again with a new one.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import eventlet
from amqp.transport import TCPTransport
from kombu import Connection, Exchange, Queue

from shared.messaging.amqp_frames import publishing
from shared.messaging.broker import AGENCIES, DEAD, EVENTS, Depth, Incoming, Outgoing, Topology, queue_of

HEARTBEAT = 20
PREFETCH = 400
CONFIRM_WITHIN = 20
OPEN_WITHIN = 10
CLOSE_WITHIN = 2
READ_AHEAD = 16 * 1024
QUORUM: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-dead-letter-exchange": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
    "x-delivery-limit": 1000,
}

# RabbitMQ 4 drops a message after twenty crashes of its reader unless told otherwise; an agency's event must stay.
AGENCY_QUORUM: dict[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}


class RabbitBroker:
    """Speaks to the RabbitMQ that an `amqp(s)://` address names."""

    prefetch: int | None = PREFETCH

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self) -> Connection:
        connection = Connection(self.url, heartbeat=HEARTBEAT, connect_timeout=5)
        with eventlet.Timeout(OPEN_WITHIN, ConnectionError("the broker did not answer")):
            connection.connect()
        _read_ahead(connection)
        return connection

    def declare(self, topology: Topology) -> None:
        with self.connect() as connection, connection.channel() as channel:
            dead = Queue(
                queue_of("dead", topology.salt),
                Exchange(DEAD, "topic"),
                routing_key="#",
                queue_arguments={"x-queue-type": "quorum"},
            )
            dead.bind(channel).declare()
            events, agencies = Exchange(EVENTS, "topic").bind(channel), Exchange(AGENCIES, "topic").bind(channel)
            events.declare()
            agencies.declare()
            for service, types in topology.services.items():
                queue = Queue(queue_of(service, topology.salt), queue_arguments=QUORUM).bind(channel)
                queue.queue_declare()
                for kind in types:
                    queue.bind_to(EVENTS, routing_key=kind)
            for agency, name in topology.agencies.items():
                queue = Queue(name, queue_arguments=AGENCY_QUORUM).bind(channel)
                queue.queue_declare()
                queue.bind_to(AGENCIES, routing_key=agency)

    def publisher(self) -> "RabbitPublisher":
        connection = self.connect()
        with eventlet.Timeout(OPEN_WITHIN, ConnectionError("the broker did not answer")):
            return RabbitPublisher(connection)

    def consumer(self, queue: str) -> "RabbitConsumer":
        connection = self.connect()
        with eventlet.Timeout(OPEN_WITHIN, ConnectionError("the broker did not answer")):
            return RabbitConsumer(connection, queue)

    def depth(self, queue: str) -> Depth:
        with self.connect() as connection, connection.channel() as channel:
            declared = channel.queue_declare(queue, passive=True)
            return Depth(declared.message_count, declared.consumer_count)


def _read_ahead(connection: Connection) -> None:
    """py-amqp asks the system for each of a frame's three parts; its buffer keeps what comes beyond them."""
    transport = connection.connection.transport
    if isinstance(transport, TCPTransport):
        receive = transport.sock.recv
        transport._quick_recv = lambda wanted: receive(max(wanted, READ_AHEAD))


def _close(connection: Connection) -> None:
    """In order where the broker answers. One that has forgotten the connection never does: then the socket alone is closed."""
    wire = connection._connection
    with eventlet.Timeout(CLOSE_WITHIN, False):
        connection.release()
        return
    wire.collect()


class RabbitPublisher:
    """Publishes batches and awaits their confirms."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._acked)
        self._channel.events["basic_nack"].add(self._nacked)
        self._channel.events["basic_return"].add(self._returned)
        self._last_tag = 0
        self._open: dict[int, Outgoing] = {}
        self._unroutable: set[str] = set()
        self._answers: dict[int, str | None] = {}

    def publish(self, messages: Sequence[Outgoing]) -> dict[int, str | None]:
        self._open, self._unroutable, self._answers = {}, set(), {}
        # A broker that is out of memory or disk stops reading, and the write would hang as long as that lasts.
        with eventlet.Timeout(CONFIRM_WITHIN, ConnectionError("the broker did not confirm")):
            frames: list[bytes] = []
            for message in messages:
                self._last_tag += 1
                self._open[self._last_tag] = message
                frames += publishing(message, self._channel.channel_id, self._connection.connection.frame_max)
            if frames:
                self._connection.connection.transport.write(b"".join(frames))
            while self._open:
                self._connection.drain_events()
        return self._answers

    def beat(self) -> None:
        with suppress(TimeoutError, BlockingIOError):
            self._connection.drain_events(timeout=0)
        self._connection.heartbeat_check()

    def close(self) -> None:
        _close(self._connection)

    def _acked(self, tag: int, multiple: bool) -> None:
        for message in self._settle(tag, multiple):
            self._answers[message.key] = "unroutable" if message.event_id in self._unroutable else None

    def _nacked(self, tag: int, multiple: bool) -> None:
        for message in self._settle(tag, multiple):
            self._answers[message.key] = "refused-by-broker"

    def _settle(self, tag: int, multiple: bool) -> list[Outgoing]:
        tags = [open_tag for open_tag in self._open if open_tag <= tag] if multiple else [tag]
        return [self._open.pop(settled) for settled in tags if settled in self._open]

    def _returned(self, _error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        self._unroutable.add(message.properties.get("message_id", ""))


class RabbitConsumer:
    """Receives from one queue, by whatever is waiting; a lost connection brings back what was not acknowledged."""

    def __init__(self, connection: Connection, queue: str) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.basic_qos(0, PREFETCH, False)
        self._received: list[Incoming] = []
        self._channel.basic_consume(queue, no_ack=False, callback=self._take)

    def receive(self, most: int, within: float = 1.0) -> list[Incoming]:
        if not self._received:
            with suppress(TimeoutError, BlockingIOError):
                self._connection.drain_events(timeout=within)
        return self.at_hand(most)

    def at_hand(self, most: int) -> list[Incoming]:
        with suppress(TimeoutError, BlockingIOError):
            while len(self._received) < most:
                self._connection.drain_events(timeout=0)
        batch, self._received = self._received[:most], self._received[most:]
        return batch

    def rest(self, seconds: float) -> None:
        eventlet.sleep(seconds)

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Batches are taken in order, so the last tag speaks for all before it."""
        if messages:
            self._channel.basic_ack(messages[-1].tag, multiple=True)

    def beat(self) -> None:
        self._connection.heartbeat_check()

    def close(self) -> None:
        _close(self._connection)

    def _take(self, message: Any) -> None:
        body = message.body.encode("utf-8", "surrogatepass") if isinstance(message.body, str) else bytes(message.body)
        self._received.append(Incoming(body, message.delivery_tag, message.delivery_info["routing_key"]))
