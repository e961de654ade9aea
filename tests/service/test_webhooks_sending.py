"""One attempt, against real receivers: where it connects, what it says, what it makes of every kind of answer."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.routing.webhooks.addresses import Addresses
from services.routing.webhooks.sending import Outcome, Post
from services.routing.webhooks.signing import new_secret, signed_headers
from services.routing.webhooks.trial import trial_event
from shared.clock import SystemClock
from shared.ids import new_id
from tests.support.certificates import self_signed
from tests.support.process import free_port
from tests.support.webhooks import Receiver

HERE = ("127.0.0.1/32",)


def attempt(post: Post, url: str, secret: str = "") -> Outcome:
    now = SystemClock().now()
    event_id, body = trial_event(new_id(), now)
    return post.send(url, signed_headers([secret or new_secret()], event_id, now, body), body)


def post_here(**options: Any) -> Post:
    return Post(Addresses(HERE), **options)


def leads_to(*answers: str) -> Any:
    """A resolver whose answers follow one another, a question at a time."""
    left = list(answers)

    def ask(host: str, port: int, *_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    return ask


@contextmanager
def answering(*pieces: bytes, pause: float = 0.0, close: bool = True) -> Iterator[str]:
    """A server that says these pieces to whoever comes, whatever they say; its address."""
    listener = eventlet.listen(("127.0.0.1", 0))

    def serve(client: Any, _: Any) -> None:
        client.recv(65536)
        try:
            for piece in pieces:
                client.sendall(piece)
                eventlet.sleep(pause)
            if not close:
                eventlet.sleep(30)
        except OSError:
            return

    server = eventlet.spawn(eventlet.serve, listener, serve)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/heard"
    server.kill()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Outcome(None, 200)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Outcome(None, 204)),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Outcome("gone", 410)),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Outcome("http-404", 404)),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", Outcome("http-429", 429, "7")),
        (b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", Outcome("http-503", 503)),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Outcome("not-http")),
        (b"", Outcome("connection-failed")),
        (b"HTTP/1.1 2", Outcome("not-http")),
    ],
)
def test_every_kind_of_answer_has_its_code(answer: bytes, outcome: Outcome) -> None:
    with answering(answer) as url:
        assert attempt(post_here(), url) == outcome


def test_a_redirect_is_a_failure_and_is_not_followed(tmp_path: Path) -> None:
    with Receiver(tmp_path) as target:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with answering(moved) as url:
            assert attempt(post_here(), url) == Outcome("redirected", 307)
        assert target.lines() == []


def test_an_answer_without_end_costs_no_more_than_its_beginning() -> None:
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1024] * 1000]
    with answering(*endless, pause=0.001, close=False) as url, eventlet.Timeout(5):
        assert attempt(post_here(), url) == Outcome(None, 200)


@pytest.mark.parametrize("pieces", [[], [b"HTTP/1.1 200 OK\r\n"], [b"X-Slow: 1\r\n"] * 100])
def test_a_receiver_that_dawdles_is_left_when_the_time_is_up(pieces: list[bytes]) -> None:
    start = [b"HTTP/1.1 200 OK\r\n"] if len(pieces) > 1 else []
    with answering(*start, *pieces, pause=0.05, close=False) as url, eventlet.Timeout(5):
        assert attempt(post_here(answer_seconds=0.4), url) == Outcome("timeout")


def test_nobody_listening_is_a_failed_connection() -> None:
    assert attempt(post_here(), f"http://127.0.0.1:{free_port()}/") == Outcome("connection-failed")


def test_the_signature_and_the_envelope_arrive_as_the_receiver_expects_them(tmp_path: Path) -> None:
    secret = new_secret()
    with Receiver(tmp_path, "--secret", secret) as receiver:
        assert attempt(post_here(), receiver.url, secret) == Outcome(None, 200)
        assert attempt(post_here(), receiver.url, new_secret()) == Outcome("http-401", 401)
        first, second = receiver.lines()
    assert (first["was"], first["content_type"], first["same"]) == ("taken", "application/cloudevents+json", True)
    assert second["was"] == "bad"


def test_without_permission_this_machine_is_not_reached(tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver:
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"):
            for scheme in ("http", "https"):
                outcome = attempt(Post(Addresses()), f"{scheme}://{host}:{receiver.port}/")
                assert outcome == Outcome("address-not-allowed")
        assert receiver.lines() == []


def test_a_name_that_changes_where_it_leads_is_checked_at_every_attempt(tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver:
        post = Post(Addresses(HERE, leads_to("127.0.0.1", "127.0.0.2")))
        url = f"http://agency.example.org:{receiver.port}/"
        assert attempt(post, url) == Outcome(None, 200)
        assert attempt(post, url) == Outcome("address-not-allowed")
        (line,) = receiver.lines()
    assert line["host"] == f"agency.example.org:{receiver.port}"


def test_tls_is_for_the_name_and_the_connection_to_the_address_that_was_checked(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path / "agency.pem", "agency.example.org", timedelta(days=1))
    context = ssl.create_default_context(cafile=str(certificate))
    with Receiver(tmp_path, "--certificate", str(certificate)) as receiver:
        post = Post(Addresses(HERE, leads_to("127.0.0.1", "127.0.0.1")), context)
        assert attempt(post, f"https://agency.example.org:{receiver.port}/") == Outcome(None, 200)
        assert attempt(post, f"https://other.example.org:{receiver.port}/") == Outcome("tls-failed")
        assert attempt(post_here(), f"https://127.0.0.1:{receiver.port}/") == Outcome("tls-failed")
        (line,) = receiver.lines()
    assert line["host"] == f"agency.example.org:{receiver.port}"


def test_the_next_address_is_tried_when_the_first_does_not_answer(tmp_path: Path) -> None:
    def two(host: str, port: int, *_: Any) -> list[Any]:
        places = [("127.0.0.9", port), ("127.0.0.1", port)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

    with Receiver(tmp_path) as receiver:
        post = Post(Addresses(("127.0.0.0/24",), two))
        assert attempt(post, f"http://agency.example.org:{receiver.port}/") == Outcome(None, 200)
