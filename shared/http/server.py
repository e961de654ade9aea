"""The listener of a service's routes: nameko's web server with limits, strict reading, and an end that loses no answer.

`config`: WEB_SERVER_ADDRESS ("127.0.0.1:8000"), HTTP_MAX_CONNECTIONS (1000), DRAIN_SECONDS (10), TRUSTED_PROXIES (0:
how many proxies of ours append to X-Forwarded-For), ADDRESS_RATE and ADDRESS_BURST (public routes, for each address).
"""

from typing import TYPE_CHECKING, Any

from eventlet.event import Event
from nameko.web.server import WebServer
from werkzeug.wrappers import Response

from shared.http.app import App, as_response
from shared.http.limits import RateLimit
from shared.http.listener import Listener
from shared.http.request import Request

if TYPE_CHECKING:
    from shared.http.access import Access
    from shared.http.route import Route
    from shared.web.pages import Pages
    from shared.web.people.sign_in import SignIn

ADDRESS_RATE = 20
ADDRESS_BURST = 100


class Server(WebServer):
    """One for each container, shared by its routes."""

    def __init__(self) -> None:
        super().__init__()
        self.access: Access | None = None
        self.pages: Pages | None = None
        self.people: SignIn | None = None
        self.running: set[Request] = set()
        self._listener: Listener | None = None
        self._drained: Event | None = None
        self._document: dict[str, Any] | None = None

    def setup(self) -> None:
        config = self.container.config
        self._proxies = int(config.get("TRUSTED_PROXIES", 0))
        self._addresses = RateLimit(
            config.get("ADDRESS_RATE", ADDRESS_RATE), config.get("ADDRESS_BURST", ADDRESS_BURST)
        )

    @property
    def address(self) -> str:
        """Where it listens, once started."""
        return self._listener.address if self._listener else ""

    def start(self) -> None:
        """Listens; raises ConfigurationError for a route that needs what the service does not have."""
        if self._listener is not None:
            return
        app = App()
        for route in self._providers:
            route.check_server()
            app.add(route.http_method, route.url, route.handle_request)
        app.add("GET", "/openapi.json", self._openapi)
        app.tell_people = self.pages.problem if self.pages else None
        config = self.container.config
        if "runtime" in config:
            app.count, app.tracer = config["runtime"].metrics.answered, config["runtime"].store.tracer
        self._listener = Listener(config["WEB_SERVER_ADDRESS"], app, int(config.get("HTTP_MAX_CONNECTIONS", 1000)))
        self._listener.start()

    def _openapi(self, request: Request) -> Response:
        """What this service takes and gives, for programs: public, as the addresses of its routes are."""
        from shared.http.openapi import openapi_of  # It reads routes, which are made of servers.

        self._addresses.take(self.client_address(request))
        if self._document is None:
            self._document = openapi_of(self.container.service_cls)
        return as_response(self._document)

    def admit(self, route: "Route", request: Request) -> None:
        """Lets a request pass, or raises 401, 403 or 429 problems, before its body is read."""
        address = self.client_address(request)
        if route.scope is None or self.access is None:
            self._addresses.take(address)
        else:
            self.access.admit(request, route.scope, address)

    def ready(self) -> tuple[bool, str]:
        """A readiness check: whether new connections are accepted."""
        listening = self._listener is not None and not self._listener.draining
        return listening, "listening" if listening else "stopping"

    def drain(self) -> None:
        """Ends accepting, lets running requests finish for DRAIN_SECONDS, then ends them. All callers wait for it."""
        if self._listener is None:
            return
        if self._drained is not None:
            self._drained.wait()
            return
        self._drained = Event()
        self._listener.drain(float(self.container.config.get("DRAIN_SECONDS", 10)), self._end_workers)
        self._drained.send(None)

    def stop(self) -> None:
        self.drain()

    def kill(self) -> None:
        if self._listener is not None:
            self._listener.kill()

    def _end_workers(self) -> None:
        for request in list(self.running):
            worker: Any = request.worker
            if worker is not None:
                worker.kill()

    def client_address(self, request: Request) -> str:
        """Who asks, as far as the network tells: by the last proxy that is not ours."""
        forwarded = request.environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if self._proxies else []
        if len(forwarded) >= self._proxies > 0:
            return str(forwarded[-self._proxies].strip()[:45])
        return str(request.environ["REMOTE_ADDR"])
