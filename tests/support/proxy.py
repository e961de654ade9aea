"""A TCP proxy between two parts of Waypost, for the faults that a network has.

    proxy = Proxy(lambda: port_of_the_other_side)     give a client `proxy.port`; port of several: tried in turn
    proxy.latency = 0.05                              every piece waits so long, in each direction
    proxy.reset()                                     all connections end at once, as by a router that has forgotten them
    proxy.refuse() · proxy.accept()                   nobody gets in · again
    proxy.freeze() · proxy.thaw()                     half-open: what is open stays so, and nothing passes · passes again
    proxy.sever(who)                                  ends, and lets in no more, those of whose first words `who` says so
    proxy.forget()                                    half-open for good: the far side is closed and the near side not told
    proxy.hold(UP, marker)                            a connection stands still from the first piece that holds these bytes
    proxy.drop() · proxy.thaw()                       it ends, and what was kept back never arrives · it arrives

`UP` is from the client to the server. `held` counts the connections that stand still by `hold`.
"""

import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import eventlet
from eventlet.event import Event as Signal

UP, DOWN = "up", "down"
PIECE = 64 * 1024
AT_ONCE = struct.pack("ii", 1, 0)

Ports = Callable[[], int | list[int]]


@dataclass(eq=False)
class _Link:
    """One connection through the proxy: the client's socket, and ours to the server.

    Sockets are closed by who reads them alone: eventlet takes a number that is used again for the socket that had it before.
    """

    near: socket.socket
    far: socket.socket
    opening: bytes = b""
    held: set[str] = field(default_factory=set)
    forgotten: bool = False
    is_cut: bool = False

    def cut(self) -> None:
        """Ends both with a reset, so that neither side takes it for an orderly goodbye."""
        self.is_cut = True
        for each in (self.near, self.far):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                each.shutdown(socket.SHUT_RD)  # Says nothing to the other side, and wakes who reads.

    def close(self) -> None:
        self.near.close()
        self.far.close()


class Proxy:
    """Listens on a port of 127.0.0.1; `ports` says, for each connection, where it leads."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._turn = count()
        self._listener = eventlet.listen(("127.0.0.1", 0), backlog=512)
        self._listener.settimeout(None)
        self.port: int = self._listener.getsockname()[1]
        self.latency = 0.0
        self._links: set[_Link] = set()
        self._frozen = False
        self._refusing = False
        self._markers: dict[str, bytes] = {}
        self._severed: Callable[[bytes], bool] | None = None
        self._moved = Signal()
        self._accepting = eventlet.spawn(self._accept)

    @property
    def held(self) -> int:
        return sum(bool(link.held) for link in self._links)

    def reset(self) -> int:
        """How many connections there were."""
        links = list(self._links)
        for link in links:
            link.cut()
        return len(links)

    def refuse(self) -> None:
        self._refusing = True

    def accept(self) -> None:
        self._refusing = False

    def freeze(self) -> None:
        self._frozen = True

    def hold(self, direction: str, marker: bytes) -> None:
        self._markers[direction] = marker

    def drop(self) -> None:
        for link in [link for link in self._links if link.held]:
            link.cut()
        self.thaw()

    def sever(self, who: Callable[[bytes], bool] | None) -> None:
        self._severed = who
        for link in list(self._links):
            if who is not None and who(link.opening):
                link.cut()

    def forget(self) -> int:
        """How many connections there were."""
        links = list(self._links)
        for link in links:
            link.forgotten = True
            with contextlib.suppress(OSError):
                link.far.shutdown(socket.SHUT_RDWR)
        return len(links)

    def thaw(self) -> None:
        """Ends `freeze` and `hold`: what was kept back goes on."""
        self._frozen = False
        self._markers.clear()
        for link in self._links:
            link.held.clear()
        moved, self._moved = self._moved, Signal()
        moved.send()

    def close(self) -> None:
        self._accepting.kill()
        self._listener.close()
        self.thaw()
        self.reset()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            near.settimeout(None)
            eventlet.spawn_n(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        while self._frozen:
            self._moved.wait()
        far = None if self._refusing else self._connected()
        if far is None:
            (refused := _Link(near, near)).cut()
            refused.close()
            return
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(near, far)
        self._links.add(link)
        back = eventlet.spawn(self._pass_on, link, DOWN, far, near)
        self._pass_on(link, UP, near, far)
        back.wait()
        self._links.discard(link)
        link.close()

    def _connected(self) -> socket.socket | None:
        """A connection to the first that answers, beginning with another each time."""
        given = self._ports()
        ports = given if isinstance(given, list) else [given]
        first = next(self._turn) % max(len(ports), 1)
        for port in ports[first:] + ports[:first]:
            with contextlib.suppress(OSError):
                far = socket.create_connection(("127.0.0.1", port), timeout=5)
                far.settimeout(None)
                return far
        return None

    def _pass_on(self, link: _Link, direction: str, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(PIECE):
                eventlet.sleep(self.latency)
                if direction == UP and not link.opening:
                    link.opening = piece
                    if self._severed is not None and self._severed(piece):
                        link.cut()
                if direction in self._markers and self._markers[direction] in piece:
                    link.held.add(direction)
                while self._frozen or direction in link.held:
                    self._moved.wait()
                if link.is_cut:
                    return
                if not link.forgotten:
                    target.sendall(piece)
            if not (link.forgotten or link.is_cut):
                target.shutdown(socket.SHUT_WR)
        except OSError:
            if not link.forgotten:
                link.cut()
