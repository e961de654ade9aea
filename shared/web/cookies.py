"""Cookies of ours: out of reach of scripts and of other sites, and only over https wherever people use it from afar.

An installation whose address is plain http on this machine (`make run`) cannot use https; there alone `Secure` is left out,
and with it the `__Host-` name that browsers tie to it.
"""

from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from shared.http.request import Request

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class Cookies:
    """The cookies of one service, whose people use it at `address`."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.secure = not (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)

    def name(self, plain: str) -> str:
        """The name under which a browser keeps it."""
        return f"__Host-{plain}" if self.secure else plain

    def read(self, request: Request, plain: str) -> str | None:
        return request.cookies.get(self.name(plain))

    def give(self, response: Response, plain: str, value: str, seconds: int | None = None) -> None:
        """Sets the cookie for so many seconds, or until the browser is closed."""
        response.set_cookie(
            self.name(plain), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="Lax"
        )

    def take_back(self, response: Response, plain: str) -> None:
        response.delete_cookie(self.name(plain), path="/", secure=self.secure, httponly=True, samesite="Lax")
