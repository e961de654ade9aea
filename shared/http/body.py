"""Reading a request's body: whole, counted in bytes, in time; or a problem, and never a part of it."""

import re
from collections.abc import Callable
from typing import Any, BinaryIO

from shared.http import problems
from shared.http.problems import Problem

BODY_SECONDS = 30
_LINE_MOST = 1024
_TRAILERS_MOST = 20
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class Source:
    """What follows a head: `length` bytes, or chunks. `invite` tells a client that waits to be asked (`Expect`) to send."""

    def __init__(self, rfile: BinaryIO, length: int, chunked: bool, invite: Callable[[], None] | None = None) -> None:
        self.rfile = rfile
        self.length = length
        self.chunked = chunked
        self.invite = invite
        self.unread = chunked or length > 0


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """The body of the request that `environ` describes.

    Raises problems: 413 above `limit` bytes, 408 when it takes too long, 400 when it is cut off or its chunks are
    malformed. After each of them the connection ends, since nobody knows where the next request begins.
    """
    source: Source = environ["waypost.body"]
    if not source.unread:
        return b""
    connection = environ["waypost.protocol"].conn_state
    connection.expect(BODY_SECONDS)
    try:
        body = _chunked(source, limit) if source.chunked else _counted(source, limit)
    except (Problem, OSError) as error:
        environ["waypost.protocol"].abandon()
        if connection.late:
            raise problems.timed_out() from None
        raise (error if isinstance(error, Problem) else _cut_off()) from None
    connection.deadline = None
    source.unread = False
    return body


def unread(environ: dict[str, Any]) -> bool:
    """Whether some of the body is still to come."""
    source: Source = environ["waypost.body"]
    return source.unread


def _counted(source: Source, limit: int) -> bytes:
    if source.length > limit:
        raise problems.too_large(limit)
    _invite(source)
    body = source.rfile.read(source.length)
    if len(body) < source.length:
        raise _cut_off()
    return body


def _chunked(source: Source, limit: int) -> bytes:
    _invite(source)
    chunks: list[bytes] = []
    total = 0
    while size := _chunk_size(source.rfile.readline(_LINE_MOST)):
        total += size
        if total > limit:
            raise problems.too_large(limit)
        chunk = source.rfile.read(size)
        end = source.rfile.readline(3)
        if not end:
            raise _cut_off()
        if end not in (b"\r\n", b"\n"):
            raise _malformed()
        chunks.append(chunk)
    for _ in range(_TRAILERS_MOST):
        line = source.rfile.readline(_LINE_MOST)
        if line in (b"\r\n", b"\n"):
            return b"".join(chunks)
        if not line.endswith(b"\n"):
            break
    raise _cut_off()


def _chunk_size(line: bytes) -> int:
    match = _CHUNK_SIZE.fullmatch(line)
    if match is None:
        raise _malformed() if line.endswith(b"\n") else _cut_off()
    return int(match[1], 16)


def _invite(source: Source) -> None:
    if source.invite is not None:
        source.invite()


def _cut_off() -> Problem:
    return problems.bad_request("body-cut-off", "The body ended before its end")


def _malformed() -> Problem:
    return problems.bad_request("bad-chunk", "The body's chunks are malformed")
