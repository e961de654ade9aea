"""Health, metrics and inner routes answer on their own listener, whatever the service's own is doing."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import eventlet
import orjson
import pytest
from eventlet.green.http import client
from nameko.containers import ServiceContainer
from nameko.extensions import DependencyProvider
from prometheus_client import Counter

from shared.http.management import Management
from shared.http.request import Request
from shared.http.route import route
from shared.http.server import Server
from tests.support.waiting import until

KEY = "inner-key-of-a-test"


class Part(DependencyProvider):
    """Another part of the service, which adds a route, a metric and a check of its own."""

    management = Management()

    def setup(self) -> None:
        self.counter = Counter("parts_seen", "Parts seen.", registry=self.management.registry)
        self.counter.inc(3)
        self.management.add("GET", "/inner/<thing>", lambda request, thing: {"thing": thing})
        self.management.add("POST", "/inner", lambda request: (201, request.json_body))
        self.management.check("part", lambda: (True, "fine"))


class Busy:
    name = "busy"
    management = Management()
    part = Part()
    free: eventlet.Event
    taken: int

    @route("GET", "/wait", public="a test asks")
    def wait(self, request: Request) -> Any:
        Busy.taken += 1
        return {"waited": self.free.wait()}


class Running:
    def __init__(self, **config: Any) -> None:
        Busy.free, Busy.taken = eventlet.Event(), 0
        local = {"WEB_SERVER_ADDRESS": "127.0.0.1:0", "MANAGEMENT_ADDRESS": "127.0.0.1:0", "INTERNAL_KEY": KEY}
        self.container = ServiceContainer(Busy, local | {"max_workers": 1} | config)
        self.container.start()
        self.management: Management = self.container.shared_extensions[Management]
        self.server: Server = self.container.shared_extensions[Server]

    def ask(self, path: str, method: str = "GET", key: str = "", sent: bytes | None = None) -> tuple[int, bytes]:
        return fetch(self.management.address, path, method, key, sent)


def fetch(address: str, path: str, method: str = "GET", key: str = "", sent: bytes | None = None) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": key} if key else {})
    with closing(client.HTTPConnection(address, timeout=5)) as http:
        http.request(method, path, sent, headers)
        response = http.getresponse()
        return response.status, response.read()


@pytest.fixture
def running() -> Iterator[Running]:
    service = Running()
    yield service
    if not Busy.free.ready():
        Busy.free.send(True)
    service.container.stop()


def test_it_is_live_and_ready_and_names_its_checks(running: Running) -> None:
    assert running.ask("/health/live") == (200, b'{"status":"live"}')
    status, answer = running.ask("/health/ready")
    assert status == 200
    assert orjson.loads(answer)["checks"] == [
        {"name": "http", "ok": True, "detail": "listening"},
        {"name": "part", "ok": True, "detail": "fine"},
    ]


def test_one_failing_check_makes_it_unready_and_says_no_more_than_a_type(running: Running) -> None:
    def broken() -> tuple[bool, str]:
        raise ConnectionError("password of Test Child")

    running.management.check("database", broken)
    status, answer = running.ask("/health/ready")
    assert status == 503
    assert {"name": "database", "ok": False, "detail": "ConnectionError"} in orjson.loads(answer)["checks"]
    assert b"Test Child" not in answer


def test_a_check_that_hangs_is_a_failing_one(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.management.CHECK_SECONDS", 0.1)
    running.management.check("slow", lambda: eventlet.sleep(30))
    status, answer = running.ask("/health/ready")
    assert status == 503
    assert {"name": "slow", "ok": False, "detail": "timed-out"} in orjson.loads(answer)["checks"]


def test_metrics_are_the_services_own(running: Running) -> None:
    status, answer = running.ask("/metrics")
    assert status == 200
    assert b"parts_seen_total 3.0" in answer
    assert b"process_resident_memory_bytes" in answer
    other = Running(INTERNAL_KEY="")
    assert other.ask("/metrics")[0] == 200
    other.container.stop()


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, "Bearer é"])
def test_inner_routes_need_the_internal_key(running: Running, key: str) -> None:
    assert running.ask("/inner/7", key=key)[0] == 401


def test_inner_routes_answer_with_the_internal_key(running: Running) -> None:
    assert running.ask("/inner/7", key=f"Bearer {KEY}") == (200, b'{"thing":"7"}')
    assert running.ask("/inner", "POST", f"Bearer {KEY}", b'{"a":1}') == (201, b'{"a":1}')


def test_without_a_configured_key_inner_routes_are_closed() -> None:
    service = Running(INTERNAL_KEY="")
    assert [service.ask("/inner/7", key=key)[0] for key in ("", "Bearer", "Bearer ")] == [401, 401, 401]
    service.container.stop()


def test_health_answers_while_every_worker_is_taken(running: Running) -> None:
    waiting = [eventlet.spawn(fetch, running.server.address, "/wait") for _ in range(5)]
    until(lambda: Busy.taken)
    started = time.monotonic()
    assert running.ask("/health/ready")[0] == 200
    assert time.monotonic() - started < 0.5
    Busy.free.send(True)
    assert [each.wait()[0] for each in waiting] == [200] * 5


def test_while_it_drains_it_is_live_and_not_ready(running: Running) -> None:
    waiting = eventlet.spawn(fetch, running.server.address, "/wait")
    until(lambda: Busy.taken)
    stopping = eventlet.spawn(running.container.stop)
    until(lambda: running.ask("/health/ready")[0] == 503)
    assert running.ask("/health/live")[0] == 200
    Busy.free.send(True)
    assert waiting.wait()[0] == 200
    stopping.wait()
    with pytest.raises(ConnectionRefusedError):
        running.ask("/health/live")
