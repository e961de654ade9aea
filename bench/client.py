"""An HTTP client light enough to load a service from the same machine: kept connections, one thread, no library.

`closed_loop` sends on each connection as soon as it was answered: how much a service can take. `open_loop` sends by the
clock whether or not it was answered: how long it takes at a given load, with waiting in line counted.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; times are of the machine's monotonic clock, in seconds. In an open loop `due` is when it was to be sent."""

    due: float
    at: float
    status: int
    body: bytes


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._read = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """The answer, once it is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the service closed a kept connection")
        self._read += part
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return None
        self._read = b""
        return Answer(self.due, time.monotonic(), int(head[9:12]), body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without a length cannot be told from the next")


def closed_loop(
    port: int, requests: Sequence[Iterator[bytes]], seconds: float, most: int | None = None
) -> list[Answer]:
    """A connection for each of `requests`, for some seconds, or until `most` were answered."""
    connections = [_Connection(port) for _ in requests]
    poll, by_descriptor = select.epoll(), {}
    for connection, sending in zip(connections, requests, strict=True):
        by_descriptor[connection.socket.fileno()] = (connection, sending)
        poll.register(connection.socket.fileno(), select.EPOLLIN)
        connection.send(next(sending), time.monotonic())
    answers: list[Answer] = []
    end, waiting = time.monotonic() + seconds, len(connections)
    while waiting:
        for descriptor, _ in _ready(poll):
            connection, sending = by_descriptor[descriptor]
            answer = connection.receive()
            if answer is None:
                continue
            answers.append(answer)
            if answer.at < end and (most is None or len(answers) + waiting <= most):
                connection.send(next(sending), answer.at)
            else:
                waiting -= 1
    for connection in connections:
        connection.socket.close()
    return answers


def open_loop(port: int, requests: Iterator[bytes], rate: float, seconds: float) -> list[Answer]:
    """`rate` requests a second at even distances, each on a connection that is free, or on a new one."""
    poll = select.epoll()
    by_descriptor: dict[int, _Connection] = {}
    free: deque[_Connection] = deque()
    answers: list[Answer] = []
    total, sent, begun = int(rate * seconds), 0, time.monotonic() + 0.1
    while len(answers) < total:
        due = begun + sent / rate
        wait = LONGEST_WAIT if sent == total else max(0.0, due - time.monotonic())
        for descriptor, _ in _ready(poll, wait, patient=sent < total):
            connection = by_descriptor[descriptor]
            answer = connection.receive()
            if answer is not None:
                answers.append(answer)
                free.append(connection)
        if sent < total and time.monotonic() >= due:
            if not free:
                made = _Connection(port)
                by_descriptor[made.socket.fileno()] = made
                poll.register(made.socket.fileno(), select.EPOLLIN)
                free.append(made)
            free.popleft().send(next(requests), due)
            sent += 1
    for connection in by_descriptor.values():
        connection.socket.close()
    return answers


def _ready(poll: select.epoll, wait: float = LONGEST_WAIT, patient: bool = False) -> list[tuple[int, int]]:
    ready = poll.poll(wait)
    if not ready and not patient:
        raise TimeoutError(f"no answer for {LONGEST_WAIT:.0f} s")
    return ready


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST, up to a last header that the caller adds with `ending`."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), ""]).encode()
