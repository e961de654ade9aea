"""An agency's own access to RabbitMQ: one user for each agency, who may read its own queue and nothing else.

Configure and write are refused for every name, reading is allowed for one queue's exact name, and topic permissions are
closed too, since without them a user who may read a queue could bind it to what others hear. Done through RabbitMQ's
management API, because AMQP knows no users.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import requests

from shared.messaging.broker import AGENCIES, EVENTS

NOTHING = "^$"
USER_PREFIX = "agency-"


class AccessError(Exception):
    """The broker's management API did not do what was asked; the text says what to look at."""


@dataclass(frozen=True)
class Credentials:
    """What an agency needs to connect; the password is shown once and stored nowhere by us."""

    user: str
    password: str
    virtual_host: str
    queue: str


class AgencyAccess:
    """`AgencyAccess("http://admin:…@host:15672", "amqp://…/vhost")`."""

    def __init__(self, management_url: str, broker_url: str) -> None:
        parts = urlsplit(management_url)
        self._auth = (parts.username or "", parts.password or "")
        self._base = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
        self.virtual_host = unquote(urlsplit(broker_url).path.removeprefix("/")) or "/"

    def grant(self, agency: str, queue: str) -> Credentials:
        """Makes the agency's user, or gives it a new password: the old one ends, and with it its connections."""
        user, password = USER_PREFIX + agency, secrets.token_urlsafe(32)
        place = quote(self.virtual_host, safe="")
        self.revoke(agency)
        self._ask("PUT", f"/api/users/{quote(user)}", {"password": password, "tags": ""})
        for exchange in (AGENCIES, EVENTS):
            self._ask(
                "PUT",
                f"/api/topic-permissions/{place}/{quote(user)}",
                {"exchange": exchange, "write": NOTHING, "read": NOTHING},
            )
        only = f"^{re.escape(queue)}$"
        self._ask(
            "PUT",
            f"/api/permissions/{place}/{quote(user)}",
            {"configure": NOTHING, "write": NOTHING, "read": only},
        )
        return Credentials(user, password, self.virtual_host, queue)

    def revoke(self, agency: str) -> bool:
        """Deletes the agency's user, which also closes its connections; False when it had none. Its queue stays."""
        return self._ask("DELETE", f"/api/users/{quote(USER_PREFIX + agency)}", missing_ok=True)

    def agencies(self) -> list[str]:
        """The agencies that have a user."""
        users = self._request("GET", "/api/users?columns=name").json()
        return sorted(user["name"].removeprefix(USER_PREFIX) for user in users if user["name"].startswith(USER_PREFIX))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, missing_ok: bool = False) -> bool:
        answer = self._request(method, path, body)
        if answer.status_code == 404 and missing_ok:
            return False
        if not answer.ok:
            raise AccessError(
                f"RabbitMQ's management API answered {answer.status_code}. Its user needs the tag 'administrator'."
            )
        return True

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        try:
            return requests.request(method, self._base + path, json=body, auth=self._auth, timeout=(3, 15))
        except requests.RequestException:
            raise AccessError(
                f"RabbitMQ's management API does not answer at {self._base}. Is the plugin rabbitmq_management enabled?"
            ) from None
