"""Forms that only our own pages can send: each carries a token that belongs to a cookie of the same browser.

The cookie is random and says nothing; the token is its keyed hash, so that a site that could plant a cookie still cannot
make the token. What a browser tells of where a form came from is checked as well.
"""

import hmac
import secrets
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from shared.http.problems import Problem
from shared.http.request import Request
from shared.privacy.keyring import Keyring
from shared.web.cookies import Cookies

COOKIE = "waypost-visit"
FIELD = "csrf"
_OURS = ("same-origin", "none")


class Csrf:
    """Tokens for one service's forms."""

    def __init__(self, keyring: Keyring, cookies: Cookies) -> None:
        self._keyring = keyring
        self._cookies = cookies

    def token(self, request: Request) -> str:
        """The token for a form on the page that answers `request`; a browser without the cookie is given one."""
        visit = request.visit or self._cookies.read(request, COOKIE)
        if not visit:
            visit = request.visit = secrets.token_urlsafe(24)
        return self._keyring.blind_index("csrf", visit)

    def settle(self, request: Request, response: Response) -> None:
        """Sets the cookie that `token` has promised."""
        if request.visit:
            self._cookies.give(response, COOKIE, request.visit)

    def check(self, request: Request, sent: str) -> None:
        """Raises a 403 problem unless a page of ours sent this form from this browser."""
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "none")
        elsewhere = site not in _OURS or (origin is not None and urlsplit(origin).netloc != request.host)
        visit = self._cookies.read(request, COOKIE) or ""
        expected = self._keyring.blind_index("csrf", visit)
        if elsewhere or not visit or not hmac.compare_digest(sent.encode(), expected.encode()):
            raise Problem(403, "form-not-ours", "The form was not sent from a page of ours that is still open")
