"""One HTTP/1.1 connection, read strictly: what two readers could understand differently is refused, never guessed.

Against eventlet's own: heads that are cut off, repeated lengths, other transfer codings than `chunked` and malformed
lines are answered with a 400 problem and the end of the connection; a chunked body is read whole or fails. Nothing that
a client sent is written to standard error.
"""

import re
from contextlib import suppress
from typing import Any

from eventlet import wsgi
from werkzeug.http import HTTP_STATUS_CODES

from shared.http import problems
from shared.http.connection import Connection
from shared.http.problems import Problem

IDLE_SECONDS = 75
HEAD_SECONDS = 10
LINGER_SECONDS = 2
_LINGER_BYTES = 4 << 20

_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) (?:http://[^/ ]+)?(/[!-~]*|\*) HTTP/1\.([01])\r?\n")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00\r\n]*?)[ \t]*\r?\n")
_DIGITS = re.compile(r"[0-9]{1,18}")


class Headers:
    """The head's fields, in the shape that eventlet asks for; names are found in any case."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._headers = fields
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name.lower(), []).append(value)

    def get(self, name: str, default: str | None = None) -> str | None:
        values = self._values.get(name.lower())
        return values[0] if values else default

    def get_all(self, name: str) -> list[str]:
        """Every value of a field, by its name in small letters."""
        return self._values.get(name, [])

    def get_content_type(self) -> str:
        """What eventlet puts where a request names no type."""
        return ""


class Protocol(wsgi.HttpProtocol):
    """eventlet's connection handler, with the reading of heads and the end of connections made ours."""

    conn_state: Connection
    command: str | None

    def _read_request_line(self) -> bytes:
        self.conn_state.expect(IDLE_SECONDS)
        try:
            line: bytes = self.rfile.readline(self.server.url_length_limit)
        except OSError:
            return b""
        self.conn_state.expect(HEAD_SECONDS)
        return line

    def parse_request(self) -> bool:
        """Reads the head into `command`, `path`, `request_version`, `headers`; False when it was refused."""
        self.close_connection = True
        self.requestline, self.request_version, self.command = "", "HTTP/1.1", None
        try:
            self._parse_head()
        except (wsgi.HeaderLineTooLong, wsgi.HeadersTooLarge):
            self._refuse(Problem(431, "head-too-large", "The request's head is too large"))
            return False
        except OSError:
            return False
        except Problem as problem:
            self._refuse(problems.timed_out() if self.conn_state.late else problem)
            return False
        return True

    def _parse_head(self) -> None:
        start = _REQUEST_LINE.fullmatch(self.raw_requestline)
        if start is None:
            raise problems.bad_request("bad-request", "This is not an HTTP/1.1 request")
        self.command, self.path = start[1].decode("ascii"), start[2].decode("ascii")
        self.request_version = "HTTP/1.1" if start[3] == b"1" else "HTTP/1.0"
        fields = []
        while (line := self.rfile.readline()) not in (b"\r\n", b"\n"):
            field = _HEADER.fullmatch(line)
            # An end of input in the head is no end of the head: what came is not what was meant.
            if field is None:
                raise problems.bad_request("bad-request", "The request's head is malformed")
            fields.append((field[1].decode("ascii"), field[2].decode("latin-1")))
        self.headers = Headers(fields)
        self._check_framing()
        tokens = (self.headers.get("connection") or "").lower()
        persistent = "close" not in tokens if self.request_version == "HTTP/1.1" else "keep-alive" in tokens
        self.close_connection = not persistent or self.server.draining

    def _check_framing(self) -> None:
        lengths, codings = self.headers.get_all("content-length"), self.headers.get_all("transfer-encoding")
        if lengths and (codings or len(set(lengths)) > 1 or not _DIGITS.fullmatch(lengths[0])):
            raise problems.bad_request("bad-length", "The length of the body is given in two ways, or is no number")
        if codings and ([coding.lower() for coding in codings] != ["chunked"] or self.request_version == "HTTP/1.0"):
            raise problems.bad_request("bad-transfer-encoding", "The only transfer coding is 'chunked'")
        if self.request_version == "HTTP/1.1" and len(self.headers.get_all("host")) != 1:
            raise problems.bad_request("bad-host", "An HTTP/1.1 request names one Host")

    def _refuse(self, problem: Problem) -> None:
        body = problem.response().get_data()
        head = (
            f"HTTP/1.1 {problem.status} {HTTP_STATUS_CODES[problem.status]}\r\nContent-Type: {problems.MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.wfile.write(head.encode("ascii") + body)
        self.abandon()

    def get_environ(self) -> dict[str, Any]:
        # No deadline while the application works: it sets its own for reading a body and for sending the answer.
        self.conn_state.deadline = None
        environ: dict[str, Any] = super().get_environ()
        environ["SERVER_PROTOCOL"] = self.request_version
        environ["wsgi.input_terminated"] = True
        environ["waypost.protocol"] = self
        return environ

    def abandon(self) -> None:
        """Ends the connection after this answer, with bytes of the client's still on their way."""
        self.close_connection = True
        self.conn_state.abandoned = True

    def finish(self) -> None:
        """Closes. A client that still sends is heard out for a moment, or it would lose the answer to a reset."""
        try:
            self.wfile.flush()
            if self.conn_state.abandoned:
                self.conn_state.hang_up()
                self.conn_state.expect(LINGER_SECONDS)
                heard = 0
                while heard < _LINGER_BYTES and (read := len(self.rfile.read1(1 << 16))):
                    heard += read
        except OSError:
            self.close_connection = True
        finally:
            for end in (self.wfile, self.rfile, self.connection):
                with suppress(OSError):
                    end.close()

    def log_message(self, format: str, *args: object) -> None:
        """The standard library would write to standard error what the client sent."""
