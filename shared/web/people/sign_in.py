"""Lets people into a service's pages: whose session it is, and whether their role allows what the page needs.

`config`: SESSION_IDLE_MINUTES (30), KEY_RATE and KEY_BURST (requests a second for each person, as for each key),
SIGN_IN_BURST (20: wrong tries from one address, then one in ten seconds).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from nameko.extensions import DependencyProvider
from werkzeug.wrappers import Response

from shared.http.access import KEY_BURST, KEY_RATE
from shared.http.keys import Key
from shared.http.limits import RateLimit
from shared.http.problems import Problem
from shared.http.request import Request
from shared.http.server import Server
from shared.messaging.runtime import Runtime
from shared.web.cookies import Cookies
from shared.web.page import SeeOther
from shared.web.pages import address_of
from shared.web.people import sessions
from shared.web.people.carried import Carried
from shared.web.people.openid import Provider
from shared.web.people.openid_settings import read_registrations
from shared.web.people.person import Person
from shared.web.people.roles import OPERATIONS
from shared.web.people.sessions import Session
from shared.web.people.staff import Staff

PATH = "/sign-in"
RETURN_PATH = "/sign-in/openid"
SIGN_IN_RATE = 0.1
SIGN_IN_BURST = 20
_LONGEST_NEXT = 1000


class SignIn:
    """Who is signed in at one service."""

    def __init__(self, runtime: Runtime, config: Mapping[str, Any], server: Server) -> None:
        self.address_of = server.client_address
        self.service = runtime.service
        self.store = runtime.store
        self.address = address_of(runtime.resources.settings, runtime.service).rstrip("/")
        self.cookies = Cookies(self.address)
        self.cookie = sessions.cookie_of(runtime.service)
        self.idle = timedelta(minutes=int(config.get("SESSION_IDLE_MINUTES", sessions.IDLE_MINUTES)))
        self.carried = Carried(self.service, self.store.resources.keyring, self.cookies, self.store.resources.clock)
        self.wrong_tries = RateLimit(SIGN_IN_RATE, config.get("SIGN_IN_BURST", SIGN_IN_BURST))
        registrations = read_registrations(runtime.resources.settings.openid_file)
        self.providers = {
            owner: Provider(registration, self.address + RETURN_PATH) for owner, registration in registrations.items()
        }
        self._calls = RateLimit(config.get("KEY_RATE", KEY_RATE), config.get("KEY_BURST", KEY_BURST))

    def admit(self, request: Request, scope: str) -> None:
        """Puts person and key on the request; raises SeeOther to the page for signing in, 403 and 429 problems."""
        found = self.session(request)
        if found is None:
            raise self.signed_out(request)
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

    def staff(self, key: Key) -> Staff:
        """The people whom somebody may look after: their own organisation's, at operations everybody who works there."""
        owner = OPERATIONS if self.service == OPERATIONS else key.owner
        return Staff(self.store, owner, f"key:{key.id}", self.address)

    def signed_out(self, request: Request) -> Problem:
        """What is raised where somebody has to sign in first."""
        return SeeOther(path_to_sign_in(request))

    def owner_name(self, owner: str) -> str:
        """What an owner is called: an agency by its name in the directory."""
        agencies = self.store.resources.directory.agencies
        return next((each.name for each in agencies if each.id == owner), owner.replace("-", " ").capitalize())


class SignInProvider(DependencyProvider):
    """`people = SignInProvider()` on a service whose tables have people."""

    server = Server()

    def setup(self) -> None:
        self.people = self.server.people = SignIn(self.container.config["runtime"], self.container.config, self.server)

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
