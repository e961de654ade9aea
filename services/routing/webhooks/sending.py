"""One attempt: a POST to an address that was checked, and what came of it. It never raises, follows nothing, keeps nothing.

The whole attempt ends within ANSWER_SECONDS, however slowly the other side speaks. Of an answer the status counts alone.
Each attempt has a connection of its own: who answers was checked a moment ago, not when a connection was opened.
"""

import contextlib
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

import eventlet

from services.routing.webhooks.addresses import Addresses, Place, Refused
from shared.contracts.envelope import CONTENT_TYPE
from shared.version import VERSION

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 15.0
MOST_ADDRESSES = 3
KEPT_OF_ANSWER = 4096
BODY_SECONDS = 1.0

GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """`problem` is None when the event was taken, else a code; `retry_after` is the header of a 429 or 503, as it came."""

    problem: str | None
    status: int | None = None
    retry_after: str | None = None


@cache
def _trusted_by_this_machine() -> ssl.SSLContext:
    """Once, when first needed: to read all its certificates takes longer than a webhook."""
    return ssl.create_default_context()


class Post:
    """Sends to agencies' addresses; safe for any number of green threads."""

    def __init__(
        self,
        addresses: Addresses,
        context: ssl.SSLContext | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.addresses = addresses
        self._context = context
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """One POST of an event."""
        limit = eventlet.Timeout(self._answer_seconds)
        try:
            return self._send(urlsplit(url), headers, body)
        except eventlet.Timeout as timeout:
            if timeout is not limit:
                raise
            return Outcome("timeout")
        finally:
            limit.cancel()

    def _send(self, url: SplitResult, headers: dict[str, str], body: bytes) -> Outcome:
        secure = url.scheme == "https"
        try:
            places = self.addresses.of(url.hostname or "", port_of(url), secure)
            connection = HTTPConnection(url.hostname or "")
            with contextlib.closing(connection):
                connection.sock = self._connect(places, (url.hostname or "") if secure else None)
                # A connection that the other side has closed must not be opened again: that would resolve anew.
                connection.auto_open = 0
                target = (url.path or "/") + (f"?{url.query}" if url.query else "")
                connection.request("POST", target, body, {**_fixed_headers(url), **headers})
                return _judged(connection.getresponse())
        except Refused as refused:
            return Outcome(refused.code)
        except ssl.SSLError:
            return Outcome("tls-failed")
        except TimeoutError:
            return Outcome("timeout")
        except OSError:
            return Outcome("connection-failed")
        except HTTPException:
            return Outcome("not-http")

    def _connect(self, places: list[Place], server_name: str | None) -> socket.socket:
        problem: OSError | None = None
        for place in places[:MOST_ADDRESSES]:
            try:
                return self._connect_to(place, server_name)
            except ssl.SSLError:
                raise
            except OSError as error:
                problem = error
        raise problem or OSError

    def _connect_to(self, place: Place, server_name: str | None) -> socket.socket:
        made = socket.socket(place.family, socket.SOCK_STREAM)
        try:
            made.settimeout(self._connect_seconds)
            made.connect(place.socket_address)
            if server_name:
                context = self._context or _trusted_by_this_machine()
                made = context.wrap_socket(made, server_hostname=server_name, do_handshake_on_connect=False)
                made.do_handshake()
            made.settimeout(self._answer_seconds)
        except BaseException:
            made.close()
            raise
        return made


def port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _fixed_headers(url: SplitResult) -> dict[str, str]:
    return {
        "Host": url.netloc,
        "Content-Type": CONTENT_TYPE,
        "User-Agent": f"waypost/{VERSION}",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _judged(response: HTTPResponse) -> Outcome:
    status = response.status
    # Read a little, so that the other side does not see its answer refused; what it says is of no interest.
    with contextlib.suppress(OSError, HTTPException), eventlet.Timeout(BODY_SECONDS, False):
        response.read(KEPT_OF_ANSWER)
    if 200 <= status < 300:
        return Outcome(None, status)
    if status == 410:
        return Outcome(GONE, status)
    if status in (429, 503):
        return Outcome(f"http-{status}", status, response.getheader("Retry-After"))
    return Outcome("redirected" if 300 <= status < 400 else f"http-{status}", status)
