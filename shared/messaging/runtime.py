"""What nameko hands to a service, made once for each: its store, broker and metrics, and the extensions that use them.

A service says what it needs by attributes: `store = StoreProvider()`, `inbox = InboxProvider(HANDLERS)`,
`relay = RelayProvider()`. What they are made of comes in the container's configuration under "runtime".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import eventlet
from nameko.extensions import DependencyProvider
from sqlalchemy import MetaData

from shared.directory.agency import Directory
from shared.directory.live import published_at
from shared.messaging.agency_queues import agency_queue
from shared.messaging.broker import Broker, Topology, broker_for, queue_of
from shared.messaging.inbox import Handlers, Inbox
from shared.messaging.relay import Relay
from shared.messaging.store import Store
from shared.metrics import Metrics
from shared.resources import Resources
from shared.tracing import tracer_for

RELAY_STOPS_WITHIN = 5


def queue_salt(resources: Resources) -> str:
    """What ends the names of the services' queues on RabbitMQ; nobody without the index key can guess it."""
    in_process = resources.settings.broker.startswith("memory:")
    return "" if in_process else resources.keyring.blind_index("service-queues", "names")[:16]


@dataclass
class Runtime:
    """One service's parts in this process."""

    service: str
    metadata: MetaData
    resources: Resources

    def __post_init__(self) -> None:
        self.resources.published = lambda: published_at(self.store)

    @cached_property
    def store(self) -> Store:
        store = Store(self.service, self.metadata, self.resources)
        store.database.waited = self.metrics.waited_for_database
        store.tracer = tracer_for(self.service, self.resources.settings.otlp_endpoint)
        return store

    @cached_property
    def broker(self) -> Broker:
        return broker_for(self.resources.settings.broker)

    def declare(self, services: Mapping[str, Sequence[str]], agencies: Mapping[str, str]) -> None:
        """Makes queues: each service's for the event types that it hears, and the agencies' by name."""
        self.broker.declare(Topology(services, agencies, queue_salt(self.resources)))

    @property
    def queue(self) -> str:
        """The queue that the service consumes from."""
        return queue_of(self.service, queue_salt(self.resources))

    @cached_property
    def metrics(self) -> Metrics:
        return Metrics(self.service)


class StoreProvider(DependencyProvider):
    """Gives a service its store."""

    def get_dependency(self, worker_ctx: Any) -> Store:
        return self.store

    @property
    def store(self) -> Store:
        runtime: Runtime = self.container.config["runtime"]
        return runtime.store

    def stop(self) -> None:
        self.store.database.close()


class InboxProvider(DependencyProvider):
    """Gives a service its inbox, with the handlers of its event types."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.inbox = Inbox(runtime.store, self.handlers, runtime.metrics)

    def get_dependency(self, worker_ctx: Any) -> Inbox:
        return self.inbox


class RelayProvider(DependencyProvider):
    """Runs a service's relay beside it; `pace` is the relay's."""

    def __init__(self, pace: float = 0.0) -> None:
        self.pace = pace

    def setup(self) -> None:
        self.runtime: Runtime = self.container.config["runtime"]
        queued = _queued(self.runtime.resources.directory)
        self.relay = Relay(self.runtime.store, self.runtime.broker, self.runtime.metrics, queued, self.pace)
        self.runtime.resources.on_directory(self._take_up)

    def _take_up(self, directory: Directory) -> None:
        """An agency that is new has its queue before anything is sent there."""
        queued = _queued(directory)
        new = sorted(queued - self.relay.queued_agencies)
        if new:
            self.runtime.declare({}, {agency: agency_queue(self.runtime.resources, agency) for agency in new})
        self.relay.queued_agencies = queued

    def start(self) -> None:
        self._running = self.container.spawn_managed_thread(self.relay.run, identifier="relay")

    def stop(self) -> None:
        """Returns when the relay has ended: its lock is given back, and the next relay need not wait."""
        self.relay.stop()
        with eventlet.Timeout(RELAY_STOPS_WITHIN, False):
            self._running.wait()

    def get_dependency(self, worker_ctx: Any) -> Relay:
        return self.relay


def _queued(directory: Directory) -> frozenset[str]:
    """The agencies that hear by queue; one that has left the directory may still have a referral in hand."""
    return frozenset(agency.id for agency in (*directory.agencies, *directory.former) if "queue" in agency.channels)
