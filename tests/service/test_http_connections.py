"""A service's listener, seen from the other end of a socket: what it serves, cuts off, and how it stops."""

import time
from collections.abc import Iterator
from contextlib import closing

import eventlet
import pytest
from eventlet.green import socket

from shared.http import body, connection, listener, protocol
from tests.support.http_service import Service, Things, everything, head, post_head, serving, status_and_code
from tests.support.waiting import until


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


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


def served(service: Service) -> socket.socket:
    """A connection that the service has taken, since it has answered on it, and that asks nothing now."""
    sock = socket.create_connection(service.to, timeout=5)
    sock.sendall(head("GET /v1/open HTTP/1.1", "Host: x"))
    found = b""
    while not found.endswith(b"}"):
        found += sock.recv(65536)
    return sock


def test_above_the_limit_the_longest_idle_connection_makes_room() -> None:
    service = Service(HTTP_MAX_CONNECTIONS=3)
    idle = [served(service) for _ in range(3)]
    assert service.ask("GET", "/v1/open").status == 200
    assert idle[0].recv(1) == b""
    idle[2].sendall(head("GET /v1/open HTTP/1.1", "Host: x", "Connection: close"))
    assert everything(idle[2]).startswith(b"HTTP/1.1 200 ")
    for sock in idle:
        sock.close()
    service.container.stop()


# Stopping


def in_flight(service: Service) -> "eventlet.greenthread.GreenThread":
    asked = eventlet.spawn(service.ask, "POST", "/v1/held")
    while not service.server.running:
        eventlet.sleep(0.01)
    return asked


def test_stopping_ends_accepting_and_lets_what_runs_finish() -> None:
    service = Service()
    idle = served(service)
    asked = in_flight(service)
    stopping = eventlet.spawn(service.container.stop)
    until(lambda: service.server.ready() == (False, "stopping"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(service.to, timeout=5)
    assert idle.recv(1) == b""
    idle.close()
    Things.held.send(None)
    answer = asked.wait()
    assert (answer.status, answer.json, answer.headers["Connection"]) == (200, {"held": True}, "close")
    stopping.wait()


def test_a_request_that_arrived_before_stopping_is_served() -> None:
    service = Service()
    with closing(served(service)) as sock:
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
