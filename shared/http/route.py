"""The entry point of every service's HTTP: a route names the scope that it needs, or says why it needs none.

    @route("POST", "/v1/referrals", scope="referrals:write", body=NewReferral, returns={201: Receipt})
    def create(self, request: Request) -> tuple[int, dict[str, Any]]: ...

    @route("GET", "/v1/services", public="a list that agencies publish themselves")
    def services(self, request: Request) -> list[dict[str, Any]]: ...

The key is checked and the body read first; then the method runs where the connection is read, with what nameko injects, and
without a worker of nameko's pool: that would cost as much as the answer, and let events starve requests. No exception
passes from the method; one that a test calls raises as it is written.
"""

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from eventlet import Timeout
from greenlet import GreenletExit, getcurrent
from marshmallow import Schema
from nameko.containers import WorkerContext
from nameko.exceptions import ConfigurationError
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR, register_entrypoint
from nameko.web.handlers import HttpRequestHandler
from werkzeug.wrappers import Response

from shared.http import problems as problem
from shared.http.app import as_response, problem_of
from shared.http.request import Request
from shared.http.server import Server

BODY_LIMIT = 256 * 1024
Method = TypeVar("Method", bound=Callable[..., Any])
SchemaLike = type[Schema] | Schema
_NAMED = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


class RouteError(Exception):
    """A route is declared in a way that cannot be served safely; raised at import."""


class Route(HttpRequestHandler):
    """What `route` declares, and nameko's entry point for it."""

    server = Server()
    for_programs = True
    """Whether the published contract names it."""

    def __init__(
        self,
        method: str,
        url: str,
        scope: str | None = None,
        public: str | None = None,
        limit: int = BODY_LIMIT,
        summary: str = "",
        body: SchemaLike | None = None,
        query: SchemaLike | None = None,
        returns: Mapping[int, SchemaLike | None] | None = None,
        problems: Sequence[int] = (),
        idempotent: bool = False,
    ) -> None:
        """From `summary` on all is for the published contract: the method checks body and query itself."""
        super().__init__(method, url)
        self.http_method = method
        self.scope = scope
        self.public = public
        self.limit = limit
        self.summary = summary
        self.body = body
        self.query = query
        self.idempotent = idempotent
        self.returns = dict(returns or {})
        self.problems = tuple(problems)

    def handle_request(self, request: Request) -> Response:
        """Called by the connection's green thread."""
        self.admit(request)
        request.receive(self.limit)
        self.received(request)
        service = self._service(request)
        request.worker = getcurrent()
        self.server.running.add(request)
        try:
            response: Response = getattr(service, self.method_name)(request, **request.path_values)
            return response
        finally:
            self.server.running.discard(request)

    def _service(self, request: Request) -> Any:
        """The service with its dependencies, as nameko makes one for each worker."""
        container = self.container
        service = container.service_cls()
        context = WorkerContext(container, service, self, (request,), request.path_values)
        for provider in container.dependencies:
            setattr(service, provider.attr_name, provider.get_dependency(context))
        return service

    def check_server(self) -> None:
        """Raises ConfigurationError when the service lacks what the route leans on."""
        if self.scope and self.server.access is None:
            raise ConfigurationError(f"{self.url} needs a scope, and the service has no `Access` to check keys with.")

    def admit(self, request: Request) -> None:
        """Lets the request pass, or raises 401, 403 or 429 problems, before its body is read."""
        self.server.admit(self, request)

    def received(self, request: Request) -> None:
        """A look at the body before a worker is spent on it; pages check their forms here."""

    def stop(self) -> None:
        self.server.drain()
        super().stop()


def route(method: str, url: str, **about: Any) -> Callable[[Method], Method]:
    """Declares a route; takes what `Route` takes. Raises RouteError for one with neither a scope nor a reason."""
    return declared(Route(method, url, **about))


def declared(entry: Route) -> Callable[[Method], Method]:
    """The decorator for a route; raises RouteError as `route` does."""
    method, url = entry.http_method, entry.url
    where = f"{method} {url}"
    if bool(entry.scope) == bool(entry.public):
        raise RouteError(f"{where}: name the scope that it needs, or say in `public` why it needs none.")
    if not method.isupper() or not method.isalpha() or not url.startswith("/"):
        raise RouteError(f"{where}: one method in capitals, and a path from the root.")

    def declare(fn: Method) -> Method:
        _check_parameters(fn, url, where)
        guarded = fn if hasattr(fn, ENTRYPOINT_EXTENSIONS_ATTR) else _guarded(fn)
        register_entrypoint(guarded, entry)
        return guarded

    return declare


def _check_parameters(fn: Callable[..., Any], url: str, where: str) -> None:
    wanted, names = ["self", "request", *sorted(_NAMED.findall(url))], list(inspect.signature(fn).parameters)
    if names[:2] + sorted(names[2:]) != wanted:
        raise RouteError(f"{where}: {fn.__qualname__} must take {', '.join(wanted)}.")


def _guarded(fn: Method) -> Method:
    @functools.wraps(fn)
    def guarded(service: Any, request: Any, **values: Any) -> Any:
        if getattr(request, "worker", None) is None:
            return fn(service, request, **values)
        try:
            return as_response(fn(service, request, **values))
        except (Exception, Timeout) as error:
            return request.tell(problem_of(error, request))
        except GreenletExit:
            # Ended by the server, which stops: the client is still told.
            return request.tell(problem.unavailable(code="stopping"))

    return guarded  # type: ignore[return-value]
