"""What operations may ask of one service, on its management listener: where its messages are, what to do with parked
ones, what is paused, and what people did.

Also the two readiness checks that every service has: its database answers, and its broker is connected. A service adds what
only it can tell: `desk = Desk(ROUTES)`, a list of (method, path, function of the service's parts and the request); and
`channels`, those of agencies that it serves and that can be paused.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from nameko.extensions import DependencyProvider
from prometheus_client.core import Metric
from sqlalchemy import text

from shared.audit.desk import answer_audit
from shared.contracts.registry import schema_for
from shared.http.management import Management
from shared.messaging.backlog import Backlog
from shared.messaging.gauges import Looked, MessagingGauges
from shared.messaging.parked_desk import ParkedDesk
from shared.messaging.pauses import Waiting
from shared.messaging.pauses_desk import PausesDesk
from shared.messaging.runtime import InboxProvider, Runtime
from shared.messaging.subscription import Subscription

Routes = Iterable[tuple[str, str, Callable[..., Any]]]
Look = Callable[[Runtime], Iterator[Metric]]


class Desk(DependencyProvider):
    """`desk = Desk()` on a service that takes messages."""

    management = Management()

    def __init__(
        self, routes: Routes = (), look: Look | None = None, channels: Mapping[str, Waiting] | None = None
    ) -> None:
        """`look` gives the metrics that only this service can, `channels` counts what waits in one that is paused."""
        self._routes = tuple(routes)
        self._look = look
        self._channels = dict(channels or {})

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.container.config["runtime"]
        return runtime

    def setup(self) -> None:
        backlog = Backlog(self.runtime)
        self.parked = ParkedDesk(self.runtime.store, self._schemas())
        pauses = PausesDesk(self.runtime, self._channels)
        registry = self.runtime.metrics.registry
        registry.register(Looked(MessagingGauges(self.runtime).look, "messages"))
        if self._look is not None:
            registry.register(Looked(partial(self._look, self.runtime), "service"))
        self.management.check("database", self._database)
        self.management.check("broker", self._broker)
        self.management.add("GET", "/v1/backlog", lambda request: {**backlog.counts(), "pauses": pauses.listed()})
        self.management.add("GET", "/v1/audit", partial(answer_audit, self.runtime.store))
        self.parked.add_to(self.management)
        pauses.add_to(self.management)
        for method, path, function in self._routes:
            self.management.add(method, path, partial(function, self.runtime))

    def start(self) -> None:
        self.container.spawn_managed_thread(self.parked.run, identifier="parked-jobs")

    def stop(self) -> None:
        self.parked.stop()

    def get_dependency(self, worker_ctx: Any) -> "Desk":
        return self

    def _schemas(self) -> dict[str, Any]:
        """The contracts of what the service handles."""
        found = [each for each in self.container.extensions if isinstance(each, InboxProvider)]
        return {schema.type(): schema_for(schema) for inbox in found for schema in inbox.handlers}

    def _database(self) -> tuple[bool, str]:
        with self.runtime.store.reading() as connection:
            connection.execute(text("SELECT 1"))
        return True, "ok"

    def _broker(self) -> tuple[bool, str]:
        """Connected, as the service's own consumer sees it: asking anew would say nothing about that connection."""
        consumers = [entry for entry in self.container.entrypoints if isinstance(entry, Subscription)]
        connected = all(entry.connected for entry in consumers)
        return connected, "ok" if connected else "not-connected"
