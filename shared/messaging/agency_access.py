"""An agency's own access to RabbitMQ: one user for each agency, who may read its own queue and nothing else.

Configure and write are refused for every name, reading is allowed for one queue's exact name, and topic permissions are
closed too, since without them a user who may bind a queue could bind it to what others hear. Done through RabbitMQ's
management API, because AMQP knows no users. To read is also to purge: an agency can throw away what waits for it alone.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import requests

from shared.messaging.broker import AGENCIES, EVENTS

NOTHING = "^$"
LIMITS = {"max-connections": 20, "max-channels": 100}


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
        self._auth = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._base = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
        self.virtual_host = unquote(urlsplit(broker_url).path.removeprefix("/")) or "/"
        # Users belong to the whole broker, which may serve more than one Waypost, each in its virtual host.
        self._prefix = "agency-" if self.virtual_host == "/" else f"{self.virtual_host}.agency-"

    def grant(self, agency: str, queue: str) -> Credentials:
        """Makes the agency's user. One that is there already ends first, and with it every connection of its."""
        credentials = self._credentials(agency, queue)
        place, user = quote(self.virtual_host, safe=""), _quoted(credentials.user)
        self.revoke(agency)
        self._ask("PUT", f"/api/users/{user}", {"password": credentials.password, "tags": ""})
        for limit, most in LIMITS.items():
            self._ask("PUT", f"/api/user-limits/{user}/{limit}", {"value": most})
        for exchange in (AGENCIES, EVENTS):
            closed = {"exchange": exchange, "write": NOTHING, "read": NOTHING}
            self._ask("PUT", f"/api/topic-permissions/{place}/{user}", closed)
        # The only one that opens something comes last: a grant that is cut off has granted nothing.
        only = {"configure": NOTHING, "write": NOTHING, "read": f"^{re.escape(queue)}$"}
        self._ask("PUT", f"/api/permissions/{place}/{user}", only)
        return credentials

    def rotate(self, agency: str, queue: str) -> Credentials | None:
        """A new password; None when the agency has no user.

        From this moment the old one opens no connection. Those that are open stay, so nothing is cut off: the agency
        puts the new password in place before it next connects.
        """
        credentials = self._credentials(agency, queue)
        path = f"/api/users/{_quoted(credentials.user)}"
        if not self._ask("GET", path, missing_ok=True):
            return None
        self._ask("PUT", path, {"password": credentials.password, "tags": ""})
        return credentials

    def revoke(self, agency: str) -> bool:
        """Deletes the agency's user, which also closes its connections; False when it had none. Its queue stays."""
        return self._ask("DELETE", f"/api/users/{_quoted(self._prefix + agency)}", missing_ok=True)

    def agencies(self) -> list[str]:
        """The agencies that have a user."""
        users = self._done(self._request("GET", "/api/users?columns=name")).json()
        names = (user["name"] for user in users)
        return sorted(name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix))

    def _credentials(self, agency: str, queue: str) -> Credentials:
        return Credentials(self._prefix + agency, secrets.token_urlsafe(32), self.virtual_host, queue)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, missing_ok: bool = False) -> bool:
        answer = self._request(method, path, body)
        if answer.status_code == 404 and missing_ok:
            return False
        self._done(answer)
        return True

    def _done(self, answer: requests.Response) -> requests.Response:
        if not answer.ok:
            raise AccessError(
                f"RabbitMQ's management API answered {answer.status_code}. Its user needs the tag 'administrator'."
            )
        return answer

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        try:
            return requests.request(method, self._base + path, json=body, auth=self._auth, timeout=(3, 15))
        except requests.RequestException:
            raise AccessError(
                f"RabbitMQ's management API does not answer at {self._base}. Is the plugin rabbitmq_management enabled?"
            ) from None


def _quoted(name: str) -> str:
    return quote(name, safe="")
