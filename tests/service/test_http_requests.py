"""What a service reads of a request, gives to a handler, answers, and refuses."""

import uuid
from collections.abc import Iterator

import eventlet
import pytest
from eventlet.green import socket

from tests.support.http_service import SECRET, TEXT, Service, everything, head, post_head, serving, status_and_code


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


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
