"""Lets people into a service's pages: whose session it is, and whether their role allows what the page needs.

`config`: SESSION_IDLE_MINUTES (30), KEY_RATE and KEY_BURST (requests a second for each person, as for each key).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from nameko.extensions import DependencyProvider
from werkzeug.wrappers import Response

from shared.http.access import KEY_BURST, KEY_RATE
from shared.http.limits import RateLimit
from shared.http.request import Request
from shared.http.server import Server
from shared.messaging.runtime import Runtime
from shared.web.cookies import Cookies
from shared.web.page import SeeOther
from shared.web.pages import address_of
from shared.web.people import sessions
from shared.web.people.person import Person
from shared.web.people.sessions import Session

PATH = "/sign-in"
_LONGEST_NEXT = 1000


class SignIn:
    """Who is signed in at one service."""

    def __init__(self, runtime: Runtime, config: Mapping[str, Any]) -> None:
        self.service = runtime.service
        self.store = runtime.store
        self.address = address_of(runtime.resources.settings, runtime.service)
        self.cookies = Cookies(self.address)
        self.cookie = sessions.cookie_of(runtime.service)
        self.idle = timedelta(minutes=int(config.get("SESSION_IDLE_MINUTES", sessions.IDLE_MINUTES)))
        self._calls = RateLimit(config.get("KEY_RATE", KEY_RATE), config.get("KEY_BURST", KEY_BURST))

    def admit(self, request: Request, scope: str) -> None:
        """Puts person and key on the request; raises SeeOther to the page for signing in, 403 and 429 problems."""
        found = self.session(request)
        if found is None:
            raise SeeOther(path_to_sign_in(request))
        request.person = found[1]
        request.key = request.person.key
        self._calls.take(request.key.id)
        request.key.require(scope)

    def session(self, request: Request) -> tuple[Session, Person] | None:
        """The session that the request's cookie names and whose it is, unless it has ended."""
        secret = self.cookies.read(request, self.cookie)
        return None if not secret else sessions.find(self.store, secret, self.idle)

    def give(self, response: Response, secret: str) -> Response:
        """The response, with the cookie of a session."""
        self.cookies.give(response, self.cookie, secret)
        return response


class SignInProvider(DependencyProvider):
    """`people = SignInProvider()` on a service whose tables have people."""

    server = Server()

    def setup(self) -> None:
        self.people = self.server.people = SignIn(self.container.config["runtime"], self.container.config)

    def get_dependency(self, worker_ctx: Any) -> SignIn:
        return self.people


def path_to_sign_in(request: Request) -> str:
    """Where to sign in and come back from; after a form that was sent, there is no page to come back to."""
    if request.method not in ("GET", "HEAD") or request.path == "/":
        return PATH
    return f"{PATH}?next={quote(request.full_path.rstrip('?'), safe='')}"


def local_path(text: str | None) -> str:
    """Where to go after signing in: a path of this service, as `path_to_sign_in` names one, or its first page."""
    path = text or "/"
    # Browsers read a backslash as a slash, drop some signs, and take two slashes for another host.
    ours = path.isascii() and path.isprintable() and path.startswith("/") and not path.startswith("//")
    if not ours or "\\" in path or urlsplit(path).netloc or len(path) > _LONGEST_NEXT:
        return "/"
    return path
