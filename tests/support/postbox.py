"""A carrier of messages that keeps what it is given, and fails as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager

import eventlet

from services.notifications.carriers.carrier import CarrierAway, Line, Message, NotTaken


class Postbox:
    """Its one line; `away` is why there is none."""

    def __init__(self, channel: str = "e-mail") -> None:
        self.channel = channel
        self.taken: list[Message] = []
        self.connections = 0
        self.away: str | None = None
        self.problems: dict[str, NotTaken] = {}
        self.slow = False

    @contextmanager
    def line(self) -> Iterator[Line]:
        if self.away:
            raise CarrierAway(self.away)
        self.connections += 1
        yield self

    def send(self, message: Message) -> None:
        if self.slow:
            eventlet.sleep(0.01)
        if problem := self.problems.get(message.address):
            raise problem
        self.taken.append(message)
