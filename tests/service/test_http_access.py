"""Who may ask how often, what a fault tells to whom, and what is logged."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from nameko.containers import ServiceContainer
from nameko.exceptions import ConfigurationError

from shared.http.keys import new_key
from shared.http.request import Request
from shared.http.route import RouteError, route
from tests.support.http_service import JSON, REVOKED_TEXT, ROW, SECRET, Service, Things, serving


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


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


def test_all_that_is_logged_of_a_request_has_its_correlation_id(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = "5f0c7b9e-1d2a-4c3b-8a4f-0123456789ab"
    service.ask("POST", "/v1/boom", X_Correlation_Id=sent)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [(line["event"], line["correlation_id"]) for line in lines] == [
        ("http.failed", sent),
        ("http.request", sent),
    ]


def test_each_request_is_one_line_with_the_route_and_never_the_path(service: Service) -> None:
    with structlog.testing.capture_logs() as lines:
        service.ask("GET", "/v1/things/Test-Child?name=Test", None, **JSON)
    (line,) = lines
    assert (line["event"], line["method"], line["route"]) == ("http.request", "GET", "/v1/things/<thing>")
    assert (line["status"], line["key"]) == (403, ROW.id)
    assert "Test" not in repr(line)
