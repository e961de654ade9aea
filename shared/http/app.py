"""From a request to a handler and back: one place that finds the handler, answers every error, and logs one line.

The line holds method, route pattern (never the path), status, time, sizes and the key's id. Of an exception only type
and place are logged, and an error id that the client is told: its text may hold what somebody typed.
"""

import functools
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import structlog
from eventlet import Timeout
from marshmallow import ValidationError
from nameko.exceptions import ContainerBeingKilled
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from shared.database.engine import is_away, says_full
from shared.http import problems
from shared.http.body import unread
from shared.http.fields import field_errors
from shared.http.problems import Problem
from shared.http.request import CORRELATION, Request
from shared.logs import place_of
from shared.metrics import METHODS, OTHER
from shared.tracing import About, Origin, PassOn, Span, Tracer, current

SEND_SECONDS = 60
_log = structlog.get_logger(__name__)

Handler = Callable[[Request], Response]


class _Rule(Rule):
    """A rule that finds a route. werkzeug's also makes addresses of routes, for which it compiles a program each."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _never_built


def _never_built(*_: Any, **__: Any) -> tuple[str, str]:
    raise RuntimeError("Addresses are written out, not made of routes.")


class App:
    """What `shared.http.protocol` asks for each request's answer. `quiet` ones log no line for a request that succeeds."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self.count: Callable[[str, str | None, int, float], None] | None = None
        """Told of each answer: method, route pattern, status, seconds."""
        self.tracer: Tracer = PassOn()
        self.tell_people: Callable[[Request, Problem], Response] | None = None
        self._map = Map(merge_slashes=False, redirect_defaults=False)
        self._adapter = self._map.bind("")
        # Most requests go to fixed paths, which need no matching.
        self._fixed: dict[tuple[str, str], Handler] = {}

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """`pattern` as werkzeug writes it: `/v1/referrals/<id>`. A GET answers HEAD too."""
        self._map.add(_Rule(pattern, methods=[method], endpoint=(handler, pattern)))
        if "<" not in pattern:
            self._fixed[method, pattern] = handler

    def __call__(self, environ: dict[str, Any]) -> Response:
        started = time.perf_counter()
        request = Request(environ)
        with self.tracer.span("request", "server", request.traceparent) as span:
            current.set(Origin(request.correlation_id, span.traceparent))
            try:
                response = self._handler(request)(request)
            except (Exception, Timeout) as error:
                response = request.tell(problem_of(error, request))
            if self.tracer.exports:
                self._tell_of(span, request, response)
        self._finish(request, response)
        seconds = time.perf_counter() - started
        if self.count is not None:
            self.count(request.method, request.route, response.status_code, seconds)
        if not self._quiet or response.status_code >= 500:
            _log.info(
                "http.request",
                method=request.method if request.method in METHODS else OTHER,
                route=request.route,
                status=response.status_code,
                ms=round(seconds * 1000, 2),
                received=len(request.body),
                sent=len(response.get_data()),
                key=request.key.id if request.key else None,
            )
        return response

    def _tell_of(self, span: Span, request: Request, response: Response) -> None:
        method = request.method if request.method in METHODS else OTHER
        status, route = response.status_code, request.route or ""
        about: About = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        span.tell(about, f"{method} {route}".strip(), failed=status >= 500)

    def _handler(self, request: Request) -> Handler:
        method, path = request.method, request.environ["PATH_INFO"]
        if "\0" in path or "%00" in request.environ["QUERY_STRING"]:
            # As in bodies and forms: PostgreSQL's text cannot hold it, and no address of ours does.
            raise problems.bad_request("nul-character", "The address holds a NUL character")
        handler: Handler | None = self._fixed.get((method, path))
        if handler is not None:
            request.route = path
            return handler
        try:
            (handler, request.route), values = self._adapter.match(request.path, method)
        except MethodNotAllowed as error:
            raise problems.method_not_allowed(error.valid_methods or ()) from None
        except NotFound:
            # Whoever looks for a page is told so on a page, where the service has any.
            if self.tell_people is not None and "text/html" in request.headers.get("Accept", ""):
                request.tell = functools.partial(self.tell_people, request)
            raise
        request.path_values = dict(values)
        return handler

    def _finish(self, request: Request, response: Response) -> None:
        headers = response.headers
        headers.add(CORRELATION, request.correlation_id)
        headers.add("X-Content-Type-Options", "nosniff")
        headers.setdefault("Cache-Control", "no-store")
        protocol = request.environ["waypost.protocol"]
        if protocol.server.draining:
            protocol.close_connection = True
        if unread(request.environ):
            protocol.abandon()
        protocol.conn_state.expect(SEND_SECONDS)


def as_response(result: Any) -> Response:
    """What a handler gave, as a response: a Response, `payload`, `(status, payload)` or `(status, headers, payload)`.

    A payload is anything orjson writes; None is an empty body, which alone means 204.
    """
    if isinstance(result, Response):
        return result
    status, headers, payload = 204 if result is None else 200, None, result
    if isinstance(result, tuple):
        status, payload = result[0], result[-1]
        headers = result[1] if len(result) == 3 else None
    if payload is None:
        empty = Response(None, status, headers)
        del empty.headers["Content-Type"]
        return empty
    return Response(orjson.dumps(payload), status, headers, content_type="application/json")


def problem_of(error: BaseException, request: Request) -> Problem:
    """What a client is told of `error`; what is no answer of ours is logged, by its type and place."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return problems.invalid(field_errors(error))
    if isinstance(error, HTTPException) and error.code:
        return Problem(error.code, error.name.lower().replace(" ", "-"), error.name)
    if isinstance(error, ContainerBeingKilled):
        return problems.unavailable(code="stopping")
    if is_away(error):
        code = "database-full" if says_full(error) else "database-away"
        _log.error(f"http.{code}", error=type(error).__name__, place=place_of(error), route=request.route)
        return problems.unavailable(code=code)
    error_id = str(uuid.uuid4())
    _log.error(
        "http.failed",
        error=type(error).__name__,
        place=place_of(error),
        error_id=error_id,
        route=request.route,
    )
    return problems.internal(error_id)
