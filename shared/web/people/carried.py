"""What a browser carries for us for some minutes between two pages: sealed, so that nobody reads, changes or prolongs it.

Each kind has one purpose (`code`: the pass phrase was right and the one-time code is awaited), and opens for that alone.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from werkzeug.wrappers import Response

from shared.clock import Clock
from shared.http.request import Request
from shared.privacy.keyfile import KeyringError
from shared.privacy.keyring import Keyring
from shared.privacy.sealed import SealBroken
from shared.web.cookies import Cookies

KEPT = timedelta(minutes=10)


class Carried:
    """The carried notes of one service."""

    def __init__(self, service: str, keyring: Keyring, cookies: Cookies, clock: Clock) -> None:
        self._service = service
        self._keyring = keyring
        self._cookies = cookies
        self._clock = clock

    def give(self, response: Response, purpose: str, note: Mapping[str, Any]) -> Response:
        """The response, with a note for the next page."""
        until = (self._clock.now() + KEPT).timestamp()
        sealed = self._keyring.seal(self._part(purpose), orjson.dumps({**note, "until": until}))
        text = base64.urlsafe_b64encode(sealed).decode()
        self._cookies.give(response, self._name(purpose), text, int(KEPT.total_seconds()))
        return response

    def read(self, request: Request, purpose: str) -> dict[str, Any] | None:
        """The note, unless it is older than KEPT or not ours."""
        text = self._cookies.read(request, self._name(purpose)) or ""
        try:
            sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            note: dict[str, Any] = orjson.loads(self._keyring.open(self._part(purpose), sealed))
        except (ValueError, binascii.Error, SealBroken, KeyringError):
            return None
        return note if note["until"] > self._clock.now().timestamp() else None

    def drop(self, response: Response, purpose: str) -> Response:
        """The response, after which the note is gone."""
        self._cookies.take_back(response, self._name(purpose))
        return response

    def _name(self, purpose: str) -> str:
        return f"waypost-{self._service}-{purpose}"

    def _part(self, purpose: str) -> str:
        return f"carried:{self._service}:{purpose}"
