"""What the relay and the inbox need of a broker, and which of the two there is: RabbitMQ, or the one in this process.

Both promise the same: a message that `publish` reports as held is in every queue that wants it (on disk and replicated, or
taken and committed by every consumer of this process); a message that was received and not acknowledged comes again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

EVENTS = "waypost.events"
AGENCIES = "waypost.agencies"
DEAD = "waypost.dead"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish; `key` is the outbox row, by which the answer names it."""

    key: int
    event_id: str
    exchange: str
    routing_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came; `tag` is the broker's, for the acknowledgement.

    `kind` is the type of its event, where the broker lets messages wait for each other: see `Subscription`.
    """

    body: bytes
    tag: Any
    kind: str = ""


@dataclass(frozen=True)
class Depth:
    """How many messages wait in a queue, and how many consumers it has."""

    waiting: int
    consumers: int


@dataclass(frozen=True)
class Topology:
    """What there must be before anything is published: a queue for each service with the event types that it handles,
    and a queue for each agency that hears by queue (agency id to queue name). `salt` ends the services' queue names."""

    services: Mapping[str, Sequence[str]]
    agencies: Mapping[str, str]
    salt: str = ""


class Publisher(Protocol):
    def publish(self, messages: Sequence[Outgoing]) -> dict[int, str | None]:
        """For each message's key: None when it is held, else why it is not, as a code. A missing key: not known."""
        ...

    def beat(self) -> None:
        """Tells the broker that we live, while there is nothing to send."""
        ...

    def close(self) -> None: ...


class Consumer(Protocol):
    def receive(self, most: int, within: float = 1.0) -> list[Incoming]:
        """Waits up to `within` seconds, then answers what is there, at most `most` messages."""
        ...

    def at_hand(self, most: int) -> list[Incoming]:
        """What has come meanwhile, without waiting."""
        ...

    def rest(self, seconds: float) -> None:
        """Lets more messages come, where nobody waits for this consumer."""
        ...

    def acknowledge(self, messages: Sequence[Incoming]) -> None: ...

    def beat(self) -> None:
        """Tells the broker that we live, while a handler takes its time."""
        ...

    def close(self) -> None: ...


class Broker(Protocol):
    prefetch: int | None
    """How many messages a consumer may hold unacknowledged, where the broker bounds that."""

    def declare(self, topology: Topology) -> None: ...

    def publisher(self) -> Publisher: ...

    def consumer(self, queue: str) -> Consumer: ...

    def depth(self, queue: str) -> Depth: ...


def queue_of(service: str, salt: str = "") -> str:
    """The queue that a service consumes from: named by us, so that renaming a method renames no queue.

    RabbitMQ tells anybody who knows a queue's name how many messages wait in it, so on RabbitMQ names end in a salt
    that agencies do not have.
    """
    return f"waypost.{service}.{salt}" if salt else f"waypost.{service}"


def broker_for(url: str) -> Broker:
    """The broker that `url` names; settings have checked its scheme."""
    if url.startswith("memory:"):
        from shared.messaging.in_process import InProcessBroker

        return InProcessBroker.named(url)
    from shared.messaging.rabbitmq import RabbitBroker

    return RabbitBroker(url)
