"""Health, metrics and a service's inner routes, on a listener of their own that load on the service's cannot starve.

`GET /health/live` says that the process turns; `GET /health/ready` asks the registered checks (200 or 503);
`GET /metrics` gives Prometheus' text. Other routes are added by other parts of the service and need the internal key.

`config`: MANAGEMENT_ADDRESS ("127.0.0.1:9000"), INTERNAL_KEY.
"""

import hmac
from collections.abc import Callable
from typing import Any

import eventlet
from nameko.extensions import DependencyProvider, SharedExtension
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.app import App, as_response
from shared.http.listener import Listener
from shared.http.request import Request
from shared.http.server import Server

CHECK_SECONDS = 2
_BODY_LIMIT = 1 << 20
_CONNECTIONS = 50

Check = Callable[[], tuple[bool, str]]
"""Tells whether a part works, and a code that says why not. It may block for CHECK_SECONDS at the most."""


class Management(DependencyProvider, SharedExtension):
    """On a service: `management = Management()`; on an extension that adds to it the same, and both are one object."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        """The service's own metrics: apart from other services', so that several can run in one process."""
        self._checks: dict[str, Check] = {}
        self._app = App(quiet=True)
        self._listener: Listener | None = None

    def bind(self, container: Any, attr_name: str | None = None) -> "Management":
        bound: Management = SharedExtension.bind(self, container)
        # An extension binds it without a name, and must not take away the one that the service gave it.
        bound.attr_name = attr_name or bound.attr_name
        return bound

    def setup(self) -> None:
        if "runtime" in self.container.config:
            self.registry = self.container.config["runtime"].metrics.registry
        self.internal_key = str(self.container.config.get("INTERNAL_KEY") or "")

    def check(self, name: str, ask: Check) -> None:
        """Adds a readiness check."""
        self._checks[name] = ask

    def add(self, method: str, pattern: str, function: Callable[..., Any]) -> None:
        """Adds a route for other services. `function(request, **path values)` gives what a route's method may give."""

        def handle(request: Request) -> Response:
            self._require_internal_key(request)
            request.receive(_BODY_LIMIT)
            return as_response(function(request, **request.path_values))

        self._app.add(method, pattern, handle)

    @property
    def address(self) -> str:
        """Where it listens, once started."""
        return self._listener.address if self._listener else ""

    def start(self) -> None:
        if self._listener is not None:
            return
        ProcessCollector(registry=self.registry)
        server = self.container.shared_extensions.get(Server)
        if server is not None:
            self.check("http", server.ready)
        self._app.add("GET", "/health/live", lambda request: as_response({"status": "live"}))
        self._app.add("GET", "/health/ready", self._ready)
        self._app.add("GET", "/metrics", self._metrics)
        self._listener = Listener(self.container.config["MANAGEMENT_ADDRESS"], self._app, _CONNECTIONS)
        self._listener.start()

    def stop(self) -> None:
        """Called as a dependency, after the workers have ended: health and metrics are there until then."""
        if self._listener is not None and not self._listener.draining:
            self._listener.drain(1)

    def kill(self) -> None:
        if self._listener is not None:
            self._listener.kill()

    def get_dependency(self, worker_ctx: Any) -> "Management":
        return self

    def _ready(self, request: Request) -> Response:
        results = [_asked(name, ask) for name, ask in sorted(self._checks.items())]
        ready = all(result["ok"] for result in results)
        return as_response((200 if ready else 503, {"status": "ready" if ready else "not-ready", "checks": results}))

    def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(self.registry), content_type=CONTENT_TYPE_LATEST)

    def _require_internal_key(self, request: Request) -> None:
        scheme, _, sent = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        # With no key configured nothing opens: an empty one would otherwise equal an empty header.
        same = hmac.compare_digest(sent.strip().encode("latin-1"), self.internal_key.encode())
        if not self.internal_key or scheme.lower() != "bearer" or not same:
            raise problems.unauthorised()


def _asked(name: str, ask: Check) -> dict[str, Any]:
    try:
        ok, detail = eventlet.with_timeout(CHECK_SECONDS, ask, timeout_value=(False, "timed-out"))
    except Exception as error:
        ok, detail = False, type(error).__name__
    return {"name": name, "ok": ok, "detail": detail}
