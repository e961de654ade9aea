"""One HTTP/1.1 connection: requests are read, answered and counted by time, until one of the two sides ends it.

eventlet's own server is not used: it takes what may be understood in two ways, writes to standard error what a client
sent, and spends on WSGI as much time as our answers need. Nothing here is written anywhere but to the client.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from io import BufferedReader, RawIOBase
from typing import Any
from typing import Protocol as Shape

from eventlet.hubs import trampoline
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.body import Source
from shared.http.connection import Connection
from shared.http.head import Head, read_head
from shared.http.problems import Problem

IDLE_SECONDS = 75
HEAD_SECONDS = 10
LINGER_SECONDS = 2
_LINGER_BYTES = 4 << 20
_BUFFER = 16 << 10
_WITHOUT_BODY = frozenset({204, 304})

App = Callable[[dict[str, Any]], Response]


class Draining(Shape):
    """Who accepts connections, and says when no more is to be asked on them."""

    draining: bool


class Protocol:
    """Serves one connection: `Protocol(connection, app, listener).serve()` returns when it is over."""

    def __init__(self, connection: Connection, app: App, server: Draining) -> None:
        self.conn_state = connection
        self.server = server
        self.close_connection = False
        self._app = app
        self._socket = connection.socket
        self._incoming = _Incoming(self._socket)
        self._rfile = BufferedReader(self._incoming, _BUFFER)

    def serve(self) -> None:
        try:
            while not self.close_connection:
                head = self._next_head()
                if head is None:
                    break
                self.close_connection = not head.persistent or self.server.draining
                self._send(head, self._app(self._environ(head)))
                self._incoming.waits = self.conn_state.idle = True
        except OSError:
            # The client has gone, and there is nobody to tell.
            self.close_connection = True
        finally:
            self._finish()

    def abandon(self) -> None:
        """Ends the connection after this answer, with bytes of the client's still on their way."""
        self.close_connection = True
        self.conn_state.abandoned = True

    def _next_head(self) -> Head | None:
        """None when there is no other request, or one that was refused."""
        connection = self.conn_state
        connection.expect(IDLE_SECONDS)
        buffered = self._rfile.peek()
        connection.idle = False
        connection.expect(HEAD_SECONDS)
        try:
            head = read_head(self._rfile, buffered)
        except Problem as problem:
            self._refuse(problems.timed_out() if connection.late else problem)
            return None
        # No deadline while the application works: it sets its own for reading a body and for sending the answer.
        connection.deadline = None
        return head

    def _environ(self, head: Head) -> dict[str, Any]:
        environ = head.environ()
        environ["REMOTE_ADDR"] = self.conn_state.address
        environ["waypost.protocol"] = self
        invite = self._invite if head.get("expect").lower() == "100-continue" else None
        environ["waypost.body"] = Source(self._rfile, head.length, head.chunked, invite)
        return environ

    def _invite(self) -> None:
        self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _send(self, head: Head, response: Response) -> None:
        """The whole answer in one piece."""
        status, headers, body = response.status_code, response.headers, response.get_data()
        lines = [f"HTTP/1.1 {response.status}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers]
        if status not in _WITHOUT_BODY and "Content-Length" not in headers:
            lines.append(f"Content-Length: {len(body)}\r\n")
        lines.append(_date(int(time.time())))
        if self.close_connection:
            lines.append("Connection: close\r\n")
        elif head.version == "HTTP/1.0":
            lines.append("Connection: keep-alive\r\n")
        lines.append("\r\n")
        if head.method == "HEAD" or status in _WITHOUT_BODY:
            body = b""
        self._socket.sendall("".join(lines).encode("latin-1") + body)

    def _refuse(self, problem: Problem) -> None:
        body = problem.response().get_data()
        lines = (
            f"HTTP/1.1 {problem.status} {HTTP_STATUS_CODES[problem.status]}\r\nContent-Type: {problems.MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._socket.sendall(lines.encode("ascii") + body)
        self.abandon()

    def _finish(self) -> None:
        """Closes. A client that still sends is heard out for a moment, or it would lose the answer to a reset."""
        try:
            if self.conn_state.abandoned:
                self.conn_state.hang_up()
                self.conn_state.expect(LINGER_SECONDS)
                heard = 0
                while heard < _LINGER_BYTES and (read := len(self._rfile.read1(1 << 16))):
                    heard += read
        except OSError:
            self.close_connection = True
        finally:
            for end in (self._rfile, self._socket):
                with suppress(OSError):
                    end.close()


class _Incoming(RawIOBase):
    """What comes on a socket. `waits`: nothing is there yet, most likely, so the next reading waits before it tries."""

    def __init__(self, sock: socket.socket) -> None:
        self.waits = False
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.waits:
            self.waits = False
            trampoline(self._socket, read=True)
        return self._socket.recv_into(buffer)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}\r\n"
