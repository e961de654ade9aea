"""Messages by GOV.UK Notify, as e-mail or as text, and what it says became of them. Its API is version 2, JSON over HTTPS.

One template for each channel is kept at Notify: for e-mail its subject is `((subject))` and its body `((body))`, for
text its body is `((body))`. Every request carries a token that is signed with the key and good for half a minute.

Final is only what Notify says of the recipient's address. What it says of us (key, template, limits), and Notify away,
slow or broken, is tried again until somebody has mended it. What it answers is never repeated: it may hold the address.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import eventlet
import requests

from services.notifications.carriers.carrier import CarrierAway, Message, NotTaken
from services.notifications.domain import EMAIL
from shared.settings import SettingsError

CONNECT_SECONDS, STEP_SECONDS, WHOLE_SECONDS = 5.0, 10.0, 30.0
DELIVERED = frozenset({"delivered", "sent"})
"""`sent` is all that is ever heard of a text to another country."""
UNDELIVERED = frozenset({"permanent-failure", "temporary-failure", "technical-failure"})
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf".+-({_UUID})-({_UUID})")
_ID = re.compile(_UUID)


@dataclass(frozen=True)
class NotifyKey:
    """Which service we are at Notify, and what we sign with."""

    service_id: str
    secret: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "NotifyKey":
        """A key as Notify gives it, `name-serviceid-secret`; raises SettingsError, which does not repeat it."""
        found = _KEY.fullmatch(text.strip())
        if not found:
            raise SettingsError("WAYPOST_NOTIFY_KEY_FILE holds no key of GOV.UK Notify. Copy the whole key into it.")
        return cls(found[1], found[2])

    def token(self, now: float) -> str:
        """A JSON Web Token, HS256, for one request."""
        claims = {"iss": self.service_id, "iat": int(now)}
        signed = ".".join(_coded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        return f"{signed}.{_coded(hmac.digest(self.secret.encode(), signed.encode(), hashlib.sha256))}"


class NotifyCarrier:
    """Sends by one channel; `url` is where Notify is."""

    def __init__(
        self, channel: str, url: str, key: NotifyKey, template_id: str, *, whole: float = WHOLE_SECONDS
    ) -> None:
        self.channel = channel
        self._url = url.rstrip("/")
        self._key = key
        self._template_id = template_id
        self._whole = whole
        self._session = requests.Session()
        self._session.trust_env = False  # A .netrc of the machine would take the place of the token.

    @contextmanager
    def line(self) -> Iterator["NotifyCarrier"]:
        yield self

    def send(self, message: Message) -> str | None:
        """Answers Notify's id of the message, by which its end can be asked for."""
        to, path, words = "phone_number", "sms", {"body": message.body}
        if self.channel == EMAIL:
            to, path, words = "email_address", "email", {"subject": message.subject, "body": message.body}
        body = {to: message.address, "template_id": self._template_id, "personalisation": words}
        status, answer = self._ask("POST", f"/v2/notifications/{path}", body | {"reference": message.id})
        if status == 201:
            found = answer.get("id")
            return found if isinstance(found, str) and _ID.fullmatch(found) else None
        if status == 400 and _is_about(answer, to):
            raise NotTaken("recipient-refused", final=True)
        raise _problem(status)

    def receipt_of(self, carrier_id: str) -> str | None:
        """How a message ended: one of DELIVERED or UNDELIVERED, `not-known`, or None while it is on its way."""
        status, answer = self._ask("GET", f"/v2/notifications/{quote(carrier_id)}", None)
        if status == 404:
            return "not-known"
        if status != 200:
            raise _problem(status)
        told = answer.get("status")
        return told if told in DELIVERED | UNDELIVERED else None

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        try:
            with eventlet.Timeout(self._whole, TimeoutError()):
                answer = self._session.request(
                    method,
                    self._url + path,
                    json=body,
                    headers={"Authorization": f"Bearer {self._key.token(time.time())}"},
                    timeout=(CONNECT_SECONDS, STEP_SECONDS),
                    allow_redirects=False,
                )
        except (requests.RequestException, OSError):
            raise CarrierAway("carrier-away") from None
        try:
            told = answer.json()
        except ValueError:
            told = None
        return answer.status_code, told if isinstance(told, dict) else {}


def _problem(status: int) -> NotTaken:
    if status in (401, 403):
        return CarrierAway("login-refused")
    if status == 429:
        return CarrierAway("carrier-busy")
    return CarrierAway("carrier-broken") if status >= 500 else NotTaken("request-refused")


def _is_about(answer: dict[str, Any], name: str) -> bool:
    """Whether a refusal names the address: `{"errors": [{"error": "ValidationError", "message": "email_address …"}]}`."""
    errors = answer.get("errors")
    return isinstance(errors, list) and any(
        isinstance(each, dict)
        and each.get("error") == "ValidationError"
        and str(each.get("message", "")).startswith(name)
        for each in errors
    )


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
