"""What is known of one open connection: its state, and the moment after which it has been silent too long."""

import socket
import time
from typing import Any


class Connection:
    """A socket with the address of the client; `idle` while it waits for a request."""

    def __init__(self, address: Any, sock: socket.socket) -> None:
        self.address = str(address[0]) if isinstance(address, tuple) else str(address)
        self.socket = sock
        self.idle = True
        self.deadline: float | None = None
        self.late = False
        self.abandoned = False

    def expect(self, seconds: float) -> None:
        """From now on the other side has `seconds`; a number here costs nothing, where a timer for each read would."""
        self.deadline = time.monotonic() + seconds

    def cut_if_late(self, now: float) -> None:
        """Ends the waiting of a connection past its deadline: reading ends as if the client had gone."""
        if self.deadline is None or now < self.deadline:
            return
        # Twice late is one that does not take its answer either.
        self._shut(socket.SHUT_RDWR if self.late else socket.SHUT_RD)
        self.late = True
        self.deadline = now + 2

    def end_reading(self) -> None:
        """What has arrived is still served; nothing more is read."""
        self._shut(socket.SHUT_RD)

    def hang_up(self) -> None:
        """Nothing more is sent."""
        self._shut(socket.SHUT_WR)

    def _shut(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError:
            # Already gone, which is what was wanted.
            self.late = True
