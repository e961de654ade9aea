"""A request as a handler sees it: who asks, the whole body, and its JSON, checked."""

import io
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
from greenlet import greenlet
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.body import read_body
from shared.http.fields import field_errors
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.ids import new_id
from shared.tracing import checked

if TYPE_CHECKING:
    from shared.web.forms import Form
    from shared.web.people.person import Person

CORRELATION = "X-Correlation-Id"
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Request(WerkzeugRequest):
    """werkzeug's request, with `key`, `body`, `json_body` and `correlation_id`."""

    def __init__(self, environ: dict[str, Any]) -> None:
        # Not put into the environ, as werkzeug would: the circle would leave every request to the garbage collector.
        super().__init__(environ, populate_request=False)
        self.key: Key | None = None
        self.body = b""
        self.path_values: dict[str, Any] = {}
        self.route: str | None = None
        self.worker: greenlet | None = None
        # What pages add: who is signed in, the form, the cookie that a form's token needs, and how problems are told.
        self.person: Person | None = None
        self.sent_form: Form | None = None
        self.visit: str | None = None
        self.tell: Callable[[Problem], Response] = Problem.response
        sent = environ.get("HTTP_X_CORRELATION_ID", "")
        self.correlation_id = sent.lower() if _UUID.fullmatch(sent) else new_id()
        """The client's `X-Correlation-Id` where it is a UUID, else a new one: free text could say anything."""

    def receive(self, limit: int) -> None:
        """Reads the body, of at most `limit` bytes, before a worker is spent on the request."""
        self.body = read_body(self.environ, limit)
        self.environ["wsgi.input"] = io.BytesIO(self.body)

    @property
    def caller(self) -> Key:
        """The key of who asks, on routes that have a scope."""
        if self.key is None:
            raise problems.unauthorised()
        return self.key

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context, where the client sent one that is well formed."""
        return checked(self.environ.get("HTTP_TRACEPARENT"))

    @cached_property
    def json_body(self) -> Any:
        """The body read as JSON. Raises problems: 415 for another type, 400 when it is not JSON or nests too deep.

        Where a name is there twice the last one counts, here and everywhere, since nothing else reads the body.
        """
        if self.environ["CONTENT_TYPE"] != "application/json" and not _JSON.fullmatch(self.mimetype):
            raise problems.unsupported("application/json")
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise problems.bad_request("not-json", "The body is not JSON") from None
        if b"\\u0000" in self.body and _holds_nul(value):
            # PostgreSQL's text cannot hold it, so it would fail much later.
            raise problems.bad_request("nul-character", "The body holds a NUL character")
        return value

    def load(self, schema: Schema) -> Any:
        """The JSON body as the schema loads it; raises a 422 problem with every field error at once."""
        try:
            return schema.load(self.json_body)
        except ValidationError as error:
            raise problems.invalid(field_errors(error)) from None

    def load_query(self, schema: Schema) -> Any:
        """The query's parameters as the schema loads them; raises a 400 problem that names each wrong one."""
        try:
            return schema.load(self.args.to_dict())
        except ValidationError as error:
            raise problems.Problem(400, "invalid-query", "The query is not valid", errors=field_errors(error)) from None


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_holds_nul(each) for each in value)
