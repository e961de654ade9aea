"""A service's listener, seen from the other end of a socket: what it reads, refuses, says, logs, and how it stops."""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import eventlet
import orjson
import pytest
import structlog
from eventlet.green import socket
from eventlet.green.http import client
from marshmallow import Schema, fields
from nameko.containers import ServiceContainer
from nameko.exceptions import ConfigurationError

from shared.http import body, connection, listener, protocol
from shared.http.access import Access
from shared.http.keys import KeyRow, new_key
from shared.http.request import Request
from shared.http.route import RouteError, route
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


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    if not Things.held.ready():
        Things.held.send(None)
    running.container.stop()


# What a handler gives and gets


def test_a_handler_gets_the_json_and_gives_status_headers_and_json(service: Service) -> None:
    answer = service.post_json("/v1/things", {"a": 1})
    assert (answer.status, answer.headers["Location"]) == (201, "/v1/things/1")
    assert answer.json == {"size": 7, "body": {"a": 1}}
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_result_is_an_empty_204(service: Service) -> None:
    answer = service.ask("POST", "/v1/nothing")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (204, b"", None)


def test_field_errors_come_all_at_once(service: Service) -> None:
    answer = service.post_json("/v1/checked", {"size": SECRET})
    assert answer.status == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [
        ("/name", "required"),
        ("/size", "wrong-type"),
    ]
    assert SECRET not in answer.body.decode()


def test_a_correlation_id_is_kept_when_it_is_a_uuid_and_replaced_when_it_is_not(service: Service) -> None:
    sent = "5f0c7b9e-1d2a-4c3b-8a4f-0123456789ab"
    kept = service.ask("GET", "/v1/open", X_Correlation_Id=sent)
    assert (kept.headers["X-Correlation-Id"], kept.json["correlation"]) == (sent, sent)
    made = service.ask("GET", "/v1/open", X_Correlation_Id=SECRET).headers["X-Correlation-Id"]
    assert len(uuid.UUID(made).hex) == 32


def test_head_answers_as_get_does_without_the_body(service: Service) -> None:
    whole, top = service.ask("GET", "/v1/open"), service.ask("HEAD", "/v1/open")
    assert (top.status, top.body) == (200, b"")
    assert top.headers["Content-Length"] == whole.headers["Content-Length"]


def test_unknown_paths_and_methods_are_problems(service: Service) -> None:
    missing = service.ask("GET", f"/v1/{SECRET.replace(' ', '%20')}")
    assert (missing.status, missing.json["code"]) == (404, "not-found")
    assert "Child" not in missing.body.decode()
    wrong = service.ask("DELETE", "/v1/open")
    assert (wrong.status, wrong.json["code"], wrong.headers["Allow"]) == (405, "method-not-allowed", "GET, HEAD")


# Bodies


@pytest.mark.parametrize(
    ("sent", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "not-json"),
        (b"{", "application/json", 400, "not-json"),
        (b"\xff\xfe", "application/json", 400, "not-json"),
        (b"[" * 5000, "application/json", 400, "not-json"),
        (b'{"a": NaN}', "application/json", 400, "not-json"),
        (b'{"a": ["x\\u0000"]}', "application/json", 400, "nul-character"),
        (b"{}", "text/plain", 415, "unsupported-media-type"),
        (b"{}", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b'"' + b"x" * 10_000 + b'"', "application/json", 413, "too-large"),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(
    service: Service, sent: bytes, kind: str, status: int, code: str
) -> None:
    answer = service.ask("POST", "/v1/things", sent, Authorization=f"Bearer {TEXT}", Content_Type=kind)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/things/%00", "/v1/things/a%00b", "/v1/open?what=%00", "/v1/open?%00"])
def test_an_address_that_no_database_can_look_for_is_refused(service: Service, path: str) -> None:
    answer = service.ask("GET", path, Authorization=f"Bearer {TEXT}")
    assert (answer.status, answer.json["code"]) == (400, "nul-character")


def test_an_escaped_per_cent_sign_before_two_noughts_is_no_such_address(service: Service) -> None:
    assert service.ask("GET", "/v1/open?what=%2500").status == 200


def test_json_may_have_a_suffix_and_parameters_and_hold_an_escaped_backslash(service: Service) -> None:
    kind = "application/merge-patch+json; charset=utf-8"
    answer = service.ask("POST", "/v1/things", b'"\\\\u0000"', Authorization=f"Bearer {TEXT}", Content_Type=kind)
    assert (answer.status, answer.json["body"]) == (201, "\\u0000")


def test_a_chunked_body_arrives_whole(service: Service) -> None:
    answer = service.raw(
        post_head("Transfer-Encoding: chunked"),
        b'2;note=x\r\n{"\r\n',
        b'5\r\na":1}\r\n',
        b"0\r\nTrailer: x\r\n\r\n",
        pause=0.01,
    )
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert answer.endswith(b'{"size":7,"body":{"a":1}}')


@pytest.mark.parametrize(
    ("lines", "rest", "status", "code"),
    [
        (["Transfer-Encoding: chunked"], b'5\r\n{"a"', 400, "body-cut-off"),
        (["Transfer-Encoding: chunked"], b"2\r\n{}\r\n", 400, "body-cut-off"),
        (["Transfer-Encoding: chunked"], b"2\r\n{}\r\n0\r\n", 400, "body-cut-off"),
        (["Transfer-Encoding: chunked"], b"-2\r\n{}\r\n0\r\n\r\n", 400, "bad-chunk"),
        (["Transfer-Encoding: chunked"], b"0x2\r\n{}\r\n0\r\n\r\n", 400, "bad-chunk"),
        (["Transfer-Encoding: chunked"], b"2\r\n{}}\r\n0\r\n\r\n", 400, "bad-chunk"),
        (["Transfer-Encoding: chunked"], b"2;" + b"x" * 5000, 400, "body-cut-off"),
        (["Transfer-Encoding: chunked"], (b"fa0\r\n" + b" " * 4000 + b"\r\n") * 3, 413, "too-large"),
        (["Transfer-Encoding: chunked"], b"ffffffff\r\n", 413, "too-large"),
        (["Content-Length: 20"], b"{}", 400, "body-cut-off"),
        (["Content-Length: 10001"], b"", 413, "too-large"),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], b"0\r\n\r\n", 400, "bad-length"),
        (["Content-Length: 2", "Content-Length: 3"], b"{}", 400, "bad-length"),
        (["Content-Length: +2"], b"{}", 400, "bad-length"),
        (["Content-Length: 1_0"], b"{}", 400, "bad-length"),
        (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", 400, "bad-transfer-encoding"),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], b"0\r\n\r\n", 400, "bad-transfer-encoding"),
    ],
)
def test_bodies_of_doubtful_length_are_refused_and_never_taken_as_empty(
    service: Service, lines: list[str], rest: bytes, status: int, code: str
) -> None:
    with service.connected() as sock:
        sock.sendall(post_head(*lines) + rest)
        sock.shutdown(socket.SHUT_WR)
        assert status_and_code(everything(sock)) == (status, code)


def test_after_a_chunked_body_the_connection_serves_on(service: Service) -> None:
    first = post_head("Transfer-Encoding: chunked").replace(b"Connection: close\r\n", b"") + b"2\r\n{}\r\n0\r\n\r\n"
    answer = service.raw(first + head("GET /v1/open HTTP/1.1", "Host: x", "Connection: close"))
    assert answer.count(b"HTTP/1.1 20") == 2


def test_a_client_that_asks_before_sending_is_told_to_go_on(service: Service) -> None:
    with service.connected() as sock:
        sock.sendall(post_head("Content-Length: 2", "Expect: 100-continue"))
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert everything(sock).startswith(b"HTTP/1.1 201 ")


def test_a_refusal_reaches_a_client_that_goes_on_sending(service: Service) -> None:
    with service.connected() as sock:
        sock.sendall(post_head("Content-Length: 3000000"))
        for _ in range(30):
            sock.sendall(b"x" * 100_000)
            eventlet.sleep(0.01)
        assert status_and_code(everything(sock)) == (413, "too-large")


# Heads and connections


@pytest.mark.parametrize(
    "sent",
    [
        b"Test Child\r\n\r\n",
        b"GET /v1/open\r\n\r\n",
        b"GET /v1/open HTTP/2.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /v1/open HTTP/1.1\r\n\r\n",
        b"GET /v1/open HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /v1/open HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"GET /v1/open HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /v1/open HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET /v1/open HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_quietly(service: Service, sent: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    answer = service.raw(sent)
    assert status_and_code(answer)[0] == 400
    assert b"Test Child" not in answer
    assert "Test Child" not in "".join(capfd.readouterr())


def test_a_head_that_is_cut_off_is_not_served(service: Service) -> None:
    with service.connected() as sock:
        sock.sendall(b"POST /v1/nothing HTTP/1.1\r\nHost: x\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert status_and_code(everything(sock)) == (400, "bad-request")


def test_a_head_without_end_is_refused(service: Service) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(80))
    assert status_and_code(service.raw(b"GET /v1/open HTTP/1.1\r\nHost: x\r\n" + many)) == (431, "head-too-large")


def test_a_connection_serves_many_requests_and_ends_when_the_client_says(service: Service) -> None:
    one = head("GET /v1/open HTTP/1.1", "Host: x")
    last = head("GET /v1/open HTTP/1.1", "Host: x", "Connection: close")
    answer = service.raw(one + post_head("Content-Length: 2").replace(b"Connection: close\r\n", b"") + b"{}" + last)
    assert answer.count(b"HTTP/1.1 20") == 3
    assert service.raw(head("GET /v1/open HTTP/1.0")).startswith(b"HTTP/1.1 200 ")


def test_after_a_refused_key_no_body_is_taken_for_the_next_request(service: Service) -> None:
    hidden = head("GET /v1/open HTTP/1.1", "Host: x")
    answer = service.raw(head("POST /v1/things HTTP/1.1", "Host: x", f"Content-Length: {len(hidden)}") + hidden)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_slow_heads_and_bodies_are_cut_off(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(body, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(listener, "_WATCH_SECONDS", 0.05)
    assert status_and_code(service.raw(b"GET /v1/open HTTP/1.1\r\nHo")) == (408, "request-timeout")
    assert status_and_code(service.raw(post_head("Content-Length: 20") + b"{")) == (408, "request-timeout")


def test_an_idle_connection_is_closed_in_the_end(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(listener, "_WATCH_SECONDS", 0.05)
    assert service.raw(b"") == b""


def test_three_hundred_idle_connections_hurt_nobody(service: Service) -> None:
    idle = [socket.create_connection(service.to) for _ in range(300)]
    started = time.monotonic()
    assert service.ask("GET", "/v1/open").status == 200
    assert time.monotonic() - started < 1
    for sock in idle:
        sock.close()


def test_above_the_limit_the_longest_idle_connection_makes_room() -> None:
    service = Service(HTTP_MAX_CONNECTIONS=3)
    idle = [socket.create_connection(service.to, timeout=5) for _ in range(3)]
    eventlet.sleep(0.05)
    assert service.ask("GET", "/v1/open").status == 200
    assert idle[0].recv(1) == b""
    idle[2].sendall(head("GET /v1/open HTTP/1.1", "Host: x", "Connection: close"))
    assert everything(idle[2]).startswith(b"HTTP/1.1 200 ")
    for sock in idle:
        sock.close()
    service.container.stop()


# Keys and limits


def test_a_route_without_a_scope_and_without_a_reason_cannot_be_declared() -> None:
    with pytest.raises(RouteError, match="name the scope"):
        route("GET", "/v1/x")
    with pytest.raises(RouteError, match="name the scope"):
        route("GET", "/v1/x", scope="x", public="y")


def test_a_method_that_does_not_take_what_its_path_gives_cannot_be_declared() -> None:
    with pytest.raises(RouteError, match="must take self, request, thing"):

        @route("GET", "/v1/x/<thing>", scope="x")
        def one(self: Any, request: Request) -> None: ...


def test_a_service_with_scopes_and_nothing_to_check_keys_with_does_not_start() -> None:
    class Open:
        name = "open"

        @route("GET", "/v1/x", scope="x")
        def one(self, request: Request) -> None: ...

    container = ServiceContainer(Open, {"WEB_SERVER_ADDRESS": "127.0.0.1:0"})
    with pytest.raises(ConfigurationError, match="needs a scope"):
        container.start()
    container.kill()


def test_without_a_valid_key_nothing_runs(service: Service) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {REVOKED_TEXT}"},
    ]
    for header in wrong:
        answer = service.ask("POST", "/v1/things", sent=b"{}", **header)
        assert (answer.status, answer.json["code"]) == (401, "unauthorised")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="waypost"'


def test_a_key_without_the_scope_is_forbidden(service: Service) -> None:
    answer = service.ask("GET", "/v1/things/7", **JSON)
    assert (answer.status, answer.json["code"]) == (403, "missing-scope")


def test_a_key_that_asks_too_often_is_told_when_to_come_back() -> None:
    service = Service(KEY_RATE=0.1, KEY_BURST=3)
    statuses = [service.post_json("/v1/things", {}).status for _ in range(4)]
    answer = service.post_json("/v1/things", {})
    assert statuses == [201, 201, 201, 429]
    assert (answer.json["code"], answer.headers["Retry-After"]) == ("rate-limited", "10")
    service.container.stop()


def test_who_guesses_keys_is_stopped_before_the_database_is_asked() -> None:
    service = Service(FAILED_RATE=0.1, FAILED_BURST=2)
    Things.asked.clear()
    guesses = [new_key("nobody", [], "guess", ROW.created_at)[0] for _ in range(4)]
    statuses = [service.ask("POST", "/v1/things", b"{}", Authorization=f"Bearer {each}").status for each in guesses]
    assert statuses == [401, 401, 429, 429]
    assert len(Things.asked) == 2
    service.container.stop()


@pytest.mark.parametrize(("proxies", "expected"), [(0, [200, 429]), (1, [200, 200]), (3, [200, 429])])
def test_public_routes_count_addresses_and_believe_only_our_own_proxies(proxies: int, expected: list[int]) -> None:
    service = Service(ADDRESS_RATE=0.1, ADDRESS_BURST=1, TRUSTED_PROXIES=proxies)
    sent = ["192.0.2.9, 192.0.2.1", "192.0.2.9, 192.0.2.2"]
    assert [service.ask("GET", "/v1/open", X_Forwarded_For=each).status for each in sent] == expected
    assert service.ask("GET", "/v1/open", X_Forwarded_For="192.0.2.8, 192.0.2.2").status == 429
    service.container.stop()


# Faults


@pytest.mark.parametrize("path", ["/v1/boom", "/v1/unwritable", "/v1/timeout"])
def test_a_fault_is_an_id_to_the_client_and_type_and_place_to_the_log(
    service: Service, path: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        answer = service.ask("POST", path)
    assert (answer.status, answer.json["code"]) == (500, "internal")
    (fault,) = [line for line in lines if line["event"] == "http.failed"]
    assert answer.json["instance"] == f"urn:uuid:{fault['error_id']}"
    assert fault["error"] in ("ValueError", "TypeError", "Timeout")
    seen = answer.body.decode() + caplog.text + repr(lines) + "".join(capfd.readouterr())
    assert SECRET not in seen
    assert service.ask("GET", "/v1/open").status == 200


def test_each_request_is_one_line_with_the_route_and_never_the_path(service: Service) -> None:
    with structlog.testing.capture_logs() as lines:
        service.ask("GET", "/v1/things/Test-Child?name=Test", None, **JSON)
    (line,) = lines
    assert (line["event"], line["method"], line["route"]) == ("http.request", "GET", "/v1/things/<thing>")
    assert (line["status"], line["key"]) == (403, ROW.id)
    assert "Test" not in repr(line)


# Stopping


def in_flight(service: Service) -> "eventlet.greenthread.GreenThread":
    asked = eventlet.spawn(service.ask, "POST", "/v1/held")
    while not service.server.running:
        eventlet.sleep(0.01)
    return asked


def test_stopping_ends_accepting_and_lets_what_runs_finish() -> None:
    service = Service()
    idle = socket.create_connection(service.to, timeout=5)
    asked = in_flight(service)
    stopping = eventlet.spawn(service.container.stop)
    eventlet.sleep(0.05)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(service.to, timeout=5)
    assert idle.recv(1) == b""
    idle.close()
    assert service.server.ready() == (False, "stopping")
    Things.held.send(None)
    answer = asked.wait()
    assert (answer.status, answer.json, answer.headers["Connection"]) == (200, {"held": True}, "close")
    stopping.wait()


def test_a_request_that_arrived_before_stopping_is_served() -> None:
    service = Service()
    with service.connected() as sock:
        eventlet.sleep(0.05)
        sock.sendall(head("GET /v1/open HTTP/1.1", "Host: x"))
        service.container.stop()
        assert everything(sock).startswith(b"HTTP/1.1 200 ")


def test_what_does_not_finish_in_time_is_ended_and_told_so() -> None:
    service = Service(DRAIN_SECONDS=0.2)
    asked = in_flight(service)
    started = time.monotonic()
    service.container.stop()
    assert time.monotonic() - started < 2
    answer = asked.wait()
    assert (answer.status, answer.json["code"]) == (503, "stopping")
    assert Things.ended == ["held"]


def test_a_second_service_cannot_take_the_address_of_the_first() -> None:
    before = Service()
    before.container.stop()
    first = Service(WEB_SERVER_ADDRESS=before.server.address)
    with pytest.raises(OSError, match="Address already in use"):
        Service(WEB_SERVER_ADDRESS=first.server.address)
    first.container.stop()


def test_a_connection_tells_late_from_gone() -> None:
    one, other = socket.socketpair()
    open_one = connection.Connection("x", one)
    open_one.expect(10)
    open_one.cut_if_late(time.monotonic())
    assert not open_one.late
    open_one.cut_if_late(time.monotonic() + 11)
    assert open_one.late
    assert one.recv(1) == b""
    one.close()
    other.close()
