"""Reading a request's body: whole, counted in bytes, in time; or a problem, and never a part of it."""

import re
from typing import Any

from eventlet.wsgi import Input

from shared.http import problems
from shared.http.problems import Problem

BODY_SECONDS = 30
_LINE_MOST = 1024
_TRAILERS_MOST = 20
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """The body of the request that `environ` describes.

    Raises problems: 413 above `limit` bytes, 408 when it takes too long, 400 when it is cut off or its chunks are
    malformed. After each of them the connection ends, since nobody knows where the next request begins.
    """
    source: Input = environ["eventlet.input"]
    if not source.chunked_input and not source.content_length:
        return b""
    connection = environ["waypost.protocol"].conn_state
    connection.expect(BODY_SECONDS)
    try:
        body = _chunked(source, limit) if source.chunked_input else _counted(source, limit)
    except (Problem, OSError) as error:
        environ["waypost.protocol"].abandon()
        if connection.late:
            raise problems.timed_out() from None
        raise (error if isinstance(error, Problem) else _cut_off()) from None
    connection.deadline = None
    return body


def unread(environ: dict[str, Any]) -> bool:
    """Whether some of the body is still to come."""
    source: Input = environ["eventlet.input"]
    if source.chunked_input:
        return bool(source.chunk_length != 0)
    return bool(source.position < (source.content_length or 0))


def _counted(source: Input, limit: int) -> bytes:
    length: int = source.content_length
    if length > limit:
        raise problems.too_large(limit)
    _invite(source)
    body: bytes = source.rfile.read(length)
    source.position = len(body)
    if len(body) < length:
        raise _cut_off()
    return body


def _chunked(source: Input, limit: int) -> bytes:
    # eventlet reads chunks too, but takes lines of any length and sizes that other readers understand differently.
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
            source.chunk_length = 0
            return b"".join(chunks)
        if not line.endswith(b"\n"):
            break
    raise _cut_off()


def _chunk_size(line: bytes) -> int:
    match = _CHUNK_SIZE.fullmatch(line)
    if match is None:
        raise _malformed() if line.endswith(b"\n") else _cut_off()
    return int(match[1], 16)


def _invite(source: Input) -> None:
    """Tells a client that asked first (`Expect: 100-continue`) to send."""
    if source.should_send_hundred_continue:
        source.send_hundred_continue_response()
        source.is_hundred_continue_response_sent = True


def _cut_off() -> Problem:
    return problems.bad_request("body-cut-off", "The body ended before its end")


def _malformed() -> Problem:
    return problems.bad_request("bad-chunk", "The body's chunks are malformed")
