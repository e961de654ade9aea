"""A service over HTTP with a route of each kind, and what a client on a bare socket can do to it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import eventlet
import orjson
from eventlet.green import socket
from eventlet.green.http import client
from marshmallow import Schema, fields
from nameko.containers import ServiceContainer

from shared.http.access import Access
from shared.http.keys import KeyRow, new_key
from shared.http.request import Request
from shared.http.route import route
from shared.http.server import Server

TEXT, ROW = new_key("school-1", ["things:write"], "office", datetime(2026, 11, 21, tzinfo=UTC))
REVOKED_TEXT, REVOKED = new_key("school-1", ["things:write"], "old", datetime(2026, 11, 21, tzinfo=UTC))
KEYS = {ROW.id: ROW, REVOKED.id: replace(REVOKED, revoked_at=REVOKED.created_at)}
JSON: dict[str, Any] = {"Authorization": f"Bearer {TEXT}", "Content-Type": "application/json"}
SECRET = "Test Child"


def find(container: Any, key_id: str) -> KeyRow | None:
    container.service_cls.asked.append(key_id)
    return KEYS.get(key_id)


class Thing(Schema):
    name = fields.String(required=True)
    size = fields.Integer(required=True)


class Things:
    name = "things"
    access = Access(find)
    held: eventlet.Event
    ended: list[str]
    asked: list[str] = []  # noqa: RUF012

    @route("POST", "/v1/things", scope="things:write", limit=10_000)
    def create(self, request: Request) -> Any:
        return 201, {"Location": "/v1/things/1"}, {"size": len(request.body), "body": request.json_body}

    @route("POST", "/v1/checked", scope="things:write")
    def checked(self, request: Request) -> Any:
        return request.load(Thing())

    @route("GET", "/v1/things/<thing>", scope="things:read")
    def one(self, request: Request, thing: str) -> Any:
        return {"thing": thing}

    @route("GET", "/v1/open", public="a test asks")
    def open(self, request: Request) -> Any:
        return {"correlation": request.correlation_id}

    @route("POST", "/v1/nothing", public="a test asks")
    def nothing(self, request: Request) -> Any:
        return None

    @route("POST", "/v1/boom", public="a test asks")
    def boom(self, request: Request) -> Any:
        raise ValueError(SECRET)

    @route("POST", "/v1/unwritable", public="a test asks")
    def unwritable(self, request: Request) -> Any:
        return {"x": object()}

    @route("POST", "/v1/timeout", public="a test asks")
    def timeout(self, request: Request) -> Any:
        with eventlet.Timeout(0.01):
            eventlet.sleep(5)

    @route("POST", "/v1/held", public="a test asks")
    def hold(self, request: Request) -> Any:
        try:
            self.held.wait()
            return {"held": True}
        finally:
            self.ended.append("held")


class Service:
    """A running container, and what a client can do to it."""

    def __init__(self, **config: Any) -> None:
        Things.held, Things.ended = eventlet.Event(), []
        defaults = {"WEB_SERVER_ADDRESS": "127.0.0.1:0", "ADDRESS_RATE": 1000, "ADDRESS_BURST": 1000}
        self.container = ServiceContainer(Things, defaults | config)
        self.container.start()
        self.server: Server = self.container.shared_extensions[Server]
        host, _, port = self.server.address.rpartition(":")
        self.to = (host, int(port))

    def ask(self, method: str, path: str, sent: bytes | None = None, **headers: Any) -> "Answer":
        with closing(client.HTTPConnection(*self.to, timeout=10)) as http:
            http.request(method, path, sent, {name.replace("_", "-"): value for name, value in headers.items()})
            return Answer(http.getresponse())

    def post_json(self, path: str, value: Any) -> "Answer":
        return self.ask("POST", path, orjson.dumps(value), **JSON)

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with closing(socket.create_connection(self.to, timeout=10)) as sock:
            yield sock

    def raw(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Everything that is answered to these bytes, until the server closes."""
        with self.connected() as sock:
            for part in parts:
                sock.sendall(part)
                eventlet.sleep(pause)
            return everything(sock)


class Answer:
    def __init__(self, response: client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def everything(sock: socket.socket) -> bytes:
    found = b""
    while part := sock.recv(65536):
        found += part
    return found


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def post_head(*lines: str, path: str = "/v1/things") -> bytes:
    standard = ("Host: x", f"Authorization: Bearer {TEXT}", "Content-Type: application/json", "Connection: close")
    return head(f"POST {path} HTTP/1.1", *standard, *lines)


def status_and_code(answer: bytes) -> tuple[int, str]:
    top, _, document = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), orjson.loads(document)["code"]


@contextmanager
def serving() -> Iterator[Service]:
    """A running one, stopped at the end; whoever is held is let go."""
    running = Service()
    yield running
    if not Things.held.ready():
        Things.held.send(None)
    running.container.stop()
