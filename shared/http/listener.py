"""A listening socket and its connections: bounded in number, patient for so long, and drained before they are closed.

Above `most` connections the longest idle one makes room; when none is idle, new ones wait in the kernel's queue. Slow
heads, bodies and readers are cut off by one watch that looks at all connections each second.
"""

import socket
import time
from collections.abc import Callable

import eventlet
import structlog
from eventlet.greenthread import GreenThread

from shared.http.connection import Connection
from shared.http.protocol import App, Protocol
from shared.logs import place_of

_log = structlog.get_logger(__name__)
_BACKLOG = 1024
_WATCH_SECONDS = 1.0


class Listener:
    """`Listener("127.0.0.1:8000", app)`; `start()` binds or raises OSError; `drain(10)` ends it."""

    def __init__(self, address: str, app: App, most: int = 1000) -> None:
        host, _, port = address.rpartition(":")
        self._bind = (host.strip("[]"), int(port))
        self._app = app
        self._most = most
        self._connections: dict[Connection, GreenThread] = {}
        self.draining = False

    def start(self) -> None:
        """Binds, and accepts from now on."""
        family = socket.AF_INET6 if ":" in self._bind[0] else socket.AF_INET
        # Without reuse_port=False a second process would quietly take half of the connections of the first.
        self._socket = eventlet.listen(self._bind, family, backlog=_BACKLOG, reuse_port=False)
        # eventlet hands a socket's default timeout on, and kombu sets one (github.com/celery/kombu/issues/838).
        self._socket.settimeout(None)
        name = self._socket.getsockname()
        self.address = f"[{name[0]}]:{name[1]}" if family == socket.AF_INET6 else f"{name[0]}:{name[1]}"
        self._threads = [eventlet.spawn(self._accept), eventlet.spawn(self._watch)]

    def drain(self, seconds: float, at_deadline: Callable[[], None] = lambda: None) -> None:
        """Accepts no more, lets what runs finish, closes. After `seconds`, `at_deadline` is called, then all is cut."""
        self.draining = True
        self._threads[0].kill()
        self._socket.close()
        for connection in list(self._connections):
            if connection.idle:
                connection.end_reading()
        if not self._empty_within(seconds):
            at_deadline()
            self._empty_within(0.5)
        self.kill()

    def kill(self) -> None:
        """Closes everything at once."""
        self.draining = True
        for thread in [*self._threads, *self._connections.values()]:
            thread.kill()
        self._socket.close()

    def _empty_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._connections and time.monotonic() < end:
            eventlet.sleep(0.01)
        return not self._connections

    def _accept(self) -> None:
        while True:
            try:
                sock, address = self._socket.accept()
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                # Out of descriptors, or the client gone between knocking and entering: neither ends the service.
                _log.warning("http.accept-failed", error=type(error).__name__, errno=error.errno)
                eventlet.sleep(0.05)
                continue
            while len(self._connections) >= self._most and not self._make_room():
                eventlet.sleep(0.01)
            connection = Connection(address, sock)
            self._connections[connection] = eventlet.spawn(self._serve, connection)

    def _serve(self, connection: Connection) -> None:
        try:
            Protocol(connection, self._app, self).serve()
        except Exception as error:
            _log.error("http.connection-failed", error=type(error).__name__, place=place_of(error))
        finally:
            del self._connections[connection]
            connection.socket.close()

    def _make_room(self) -> bool:
        idle = [(each.deadline, each) for each in self._connections if each.idle and each.deadline and not each.late]
        if not idle:
            return False
        _, longest = min(idle, key=lambda pair: pair[0])
        longest.cut_if_late(float("inf"))
        return True

    def _watch(self) -> None:
        while True:
            eventlet.sleep(_WATCH_SECONDS)
            now = time.monotonic()
            for connection in list(self._connections):
                connection.cut_if_late(now)
