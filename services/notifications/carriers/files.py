"""Messages as files, for a trial or a machine without a mail server: `<data>/outbox/<time>-<id>.eml`.

A file is there whole or not at all, and a message that is written again replaces itself. Only the owner may look: files
hold addresses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from services.notifications.carriers.carrier import CarrierAway, Message
from services.notifications.carriers.mime import as_email
from shared.places.atomic import replacing


def file_name(written_at: datetime, message_id: str) -> str:
    """What the file of a message is called."""
    return f"{written_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{message_id}.eml"


class FileCarrier:
    """Writes into `folder`, and makes it when it is not there."""

    channel = "e-mail"

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    @contextmanager
    def line(self) -> Iterator["FileCarrier"]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise CarrierAway("folder-unusable") from None
        yield self

    def send(self, message: Message) -> None:
        email = as_email(message, self._sender)
        try:
            with replacing(self._folder / file_name(message.written_at, message.id)) as part:
                part.touch(mode=0o600)
                part.write_bytes(email.as_bytes())
        except OSError:
            raise CarrierAway("folder-unusable") from None
