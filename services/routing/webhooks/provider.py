"""What nameko hands to the service: its webhooks, with the dispatcher running beside it.

Networks that webhooks may reach although they are private come from the setting WAYPOST_WEBHOOKS_ALLOW; one that is no
network stops the start. `GET /v1/webhooks` on the management listener lists everybody's, without addresses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nameko.extensions import DependencyProvider
from prometheus_client import Counter

from services.routing.webhooks import endpoints
from services.routing.webhooks.addresses import Addresses
from services.routing.webhooks.dispatcher import Dispatcher
from services.routing.webhooks.sending import Post
from shared.http import problems
from shared.http.management import Management
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from shared.settings import SettingsError

_FOR_OPERATIONS = ("id", "agency", "state", "waiting", "given_up", "last_problem")


class Webhooks:
    """What the routes work with."""

    def __init__(self, store: Store, post: Post, dispatcher: Dispatcher) -> None:
        self.store = store
        self.post = post
        self.dispatcher = dispatcher
        self._tried: set[str] = set()

    @contextmanager
    def one_trial(self, webhook_id: str) -> Iterator[None]:
        """One at a time for an endpoint: receivers that answer slowly must not take up every worker."""
        if webhook_id in self._tried:
            raise problems.conflict("test-running", "A test of this webhook still runs")
        self._tried.add(webhook_id)
        try:
            yield
        finally:
            self._tried.discard(webhook_id)


class WebhooksProvider(DependencyProvider):
    """Runs the service's dispatcher."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        post = Post(Addresses(_networks(runtime.resources.settings.webhooks_allow)))
        attempts = Counter(
            "waypost_webhook_attempts_total",
            "Attempts to hand an event to an agency, by what came of them.",
            ["agency", "outcome"],
            registry=runtime.metrics.registry,
        )
        for agency in runtime.resources.directory.agencies:
            for outcome in ("delivered", "failed", "given-up"):
                attempts.labels(agency.id, outcome)
        dispatcher = Dispatcher(
            runtime.store, post, count=lambda agency, outcome: attempts.labels(agency, outcome).inc()
        )
        self.webhooks = Webhooks(runtime.store, post, dispatcher)
        self.management.add("GET", "/v1/webhooks", lambda request: list_all(runtime.store, request))

    def start(self) -> None:
        self.container.spawn_managed_thread(self.webhooks.dispatcher.run, identifier="webhooks")

    def stop(self) -> None:
        self.webhooks.dispatcher.stop()

    def get_dependency(self, worker_ctx: Any) -> Webhooks:
        return self.webhooks


def list_all(store: Store, request: Request) -> dict[str, Any]:
    """Every agency's webhooks, for operations."""
    return {"items": [{name: row[name] for name in _FOR_OPERATIONS} for row in endpoints.of_all(store)]}


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        Addresses(texts)
    except ValueError:
        raise SettingsError(
            "WAYPOST_WEBHOOKS_ALLOW must name networks such as 127.0.0.1/32, with spaces between them."
        ) from None
    return texts
