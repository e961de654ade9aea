"""Erlang's port mapper (epmd) for nodes of a cluster, with a proxy before each node, so that one can be cut off from others.

    mapper = PortMapper()        give `mapper.port` to nodes as their port mapper's
    mapper.cut_off(name)         whatever connects this node with another ends, and nothing connects them anew
    mapper.join_up()             they reach each other again

The protocol: https://www.erlang.org/doc/apps/erts/erl_dist_protocol. Who connects says its own name first, and that is how
a proxy knows whom it serves. Command-line tools, which are nodes too, always get through.
"""

import socket
import struct
from collections.abc import Callable
from functools import partial
from itertools import count

import eventlet

from tests.support.proxy import Proxy

ALIVE, PORT_PLEASE, NAMES = 120, 122, 110
ALIVE_ANSWER, PORT_ANSWER = 118, 119
TOOL = b"rabbitmqcli"


class PortMapper:
    """Listens on a port of 127.0.0.1 that nodes take for epmd's."""

    def __init__(self) -> None:
        self._listener = eventlet.listen(("127.0.0.1", 0))
        self._listener.settimeout(None)
        self.port: int = self._listener.getsockname()[1]
        self._real: dict[str, int] = {}
        self._kinds: dict[str, bytes] = {}
        self._proxies: dict[str, Proxy] = {}
        self._creations = count(1)
        self._accepting = eventlet.spawn(self._accept)

    def cut_off(self, name: str) -> None:
        for known, proxy in self._proxies.items():
            proxy.sever(partial(_is_between, name.encode(), known == name))

    def join_up(self) -> None:
        for proxy in self._proxies.values():
            proxy.sever(None)

    def close(self) -> None:
        self._accepting.kill()
        self._listener.close()
        for proxy in self._proxies.values():
            proxy.close()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            sock.settimeout(None)
            eventlet.spawn_n(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as reader:
            try:
                (size,) = struct.unpack(">H", reader.read(2))
                request = reader.read(size)
                answer, name = self._answer(request[0], request[1:])
                sock.sendall(answer)
                if name:
                    reader.read()  # As long as the connection lasts the node lives.
                    self._real.pop(name, None)
            except (OSError, EOFError, struct.error, IndexError):
                return

    def _answer(self, kind: int, body: bytes) -> tuple[bytes, str]:
        """What to say, and the name of the node that has registered with this request."""
        if kind == ALIVE:
            port, size = struct.unpack(">H6xH", body[:10])
            name = body[10 : 10 + size].decode()
            self._real[name], self._kinds[name] = port, body[2:8]
            if name not in self._proxies:
                self._proxies[name] = Proxy(self._way_to(name))
            return struct.pack(">BBI", ALIVE_ANSWER, 0, next(self._creations)), name
        if kind == PORT_PLEASE:
            name = body.decode()
            if name not in self._real:
                return bytes([PORT_ANSWER, 1]), ""
            port, raw = self._proxies[name].port, name.encode()
            return struct.pack(">BBH", PORT_ANSWER, 0, port) + self._kinds[name] + struct.pack(
                ">H", len(raw)
            ) + raw + b"\0\0", ""
        lines = "".join(f"name {name} at port {port}\n" for name, port in self._real.items())
        return struct.pack(">I", self.port) + lines.encode(), ""

    def _way_to(self, name: str) -> Callable[[], list[int]]:
        return lambda: [self._real[name]] if name in self._real else []


def _is_between(name: bytes, to_it: bool, opening: bytes) -> bool:
    """Whether the connection that opens so is one between the node of this name and another."""
    return TOOL not in opening and (to_it or name in opening)
