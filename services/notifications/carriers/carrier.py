"""What the sender needs of whoever carries messages, and what may go wrong with them.

    NotTaken                 a message was not taken; `final` says whether trying again could help
    └── CarrierAway          nothing can be sent just now: the message had no part in it, or the line went dead with it

Their texts are codes out of a fixed vocabulary. What a mail server answers is never repeated: it likes to hold the
address.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

OURS = frozenset({"login-refused", "sender-refused", "carrier-away", "folder-unusable"})
"""Codes of what stands in the way of every message alike: when one goes, all may."""


@dataclass(frozen=True)
class Message:
    """A message ready to go. `id` is the same however often it is sent; no `repr` shows address or link.

    A text to a telephone has no subject.
    """

    id: str
    address: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    written_at: datetime


class NotTaken(Exception):
    """One message was not taken. `final`: it never will be."""

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final


class CarrierAway(NotTaken):
    """The carrier takes nothing for now."""

    def __init__(self, code: str) -> None:
        super().__init__(code, final=False)


class Line(Protocol):
    """An open way to the carrier, for a batch of messages."""

    def send(self, message: Message) -> str | None:
        """Returns when the carrier has taken it over: its id there, where the carrier can tell what became of it.

        Raises NotTaken, or CarrierAway when the line is dead.
        """
        ...


class Carrier(Protocol):
    """One way to send. `channel` is what it is called in events: `e-mail`, `text`."""

    channel: str

    def line(self) -> AbstractContextManager[Line]:
        """Opens the way; raises CarrierAway when there is none."""
        ...
