"""An agency's pull feed: what it hears, in the order of positions, which the relay gives out as it sends.

Replayable from any cursor that was ever given. Waiting holds no database connection: it is woken by a commit in this
process, and looks twice a second for those of others.
"""

import time
from collections.abc import Callable
from typing import Any

import eventlet
from eventlet.event import Event as Signal
from nameko.extensions import DependencyProvider
from sqlalchemy import select
from werkzeug.wrappers import Response

from services.routing.schemas import LONGEST_WAIT
from services.routing.tables import metadata
from services.routing.tombstones import shown
from shared.http import problems
from shared.http.pages import decode_cursor, encode_cursor, read_page
from shared.http.request import Request
from shared.http.server import Server
from shared.messaging.pauses import FEED
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

POLL_SECONDS = 0.5
RELAY_SECONDS = 0.02
PAUSED_SECONDS = 60


class Feed:
    """One for each service in a process. `stopping` says when nobody may wait any longer."""

    def __init__(self, store: Store, stopping: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self._stopping = stopping
        self._bell = Signal()
        store.on_new_events(self._ring)

    def read(self, agency: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """The positions and envelopes that follow `after`, at most `limit`, as the agency may see them now."""
        outbox = metadata.tables["outbox"]
        query = (
            select(outbox.c.position, outbox.c.type, outbox.c.subject, outbox.c.body)
            .where(outbox.c.audience == agency, outbox.c.position > after)
            .order_by(outbox.c.position)
            .limit(limit)
        )
        with self._store.reading() as connection:
            return shown(connection, agency, connection.execute(query).all())

    def require(self, agency: str) -> None:
        """Raises a 503 problem while operations have paused the agency's feed: an empty page would say that nothing came."""
        if agency in self._store.pauses.agencies(FEED):
            raise problems.unavailable(PAUSED_SECONDS, code="feed-paused")

    def wait(self, agency: str, after: int, limit: int, seconds: float) -> list[tuple[int, bytes]]:
        """The same; when there is nothing, waits for it as long as that."""
        until = time.monotonic() + seconds
        while True:
            rows = self.read(agency, after, limit)
            left = until - time.monotonic()
            if rows or left <= 0 or self._stopping():
                return rows
            self._until_rung(min(left, POLL_SECONDS))

    def _until_rung(self, seconds: float) -> None:
        with eventlet.Timeout(seconds, False):
            self._bell.wait()
            # What was committed has no position before the relay has sent it.
            eventlet.sleep(RELAY_SECONDS)

    def _ring(self, _: Transaction) -> None:
        bell, self._bell = self._bell, Signal()
        bell.send()


class FeedProvider(DependencyProvider):
    """Gives the service its feed; long polls end when the service stops accepting."""

    server = Server()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.feed = Feed(runtime.store, stopping=lambda: not self.server.ready()[0])

    def get_dependency(self, worker_ctx: Any) -> Feed:
        return self.feed


def answer_feed(feed: Feed, request: Request) -> Response:
    """`GET /v1/events` for the agency whose key it is. Envelopes are passed on byte for byte."""
    limit = read_page({"limit": request.args["limit"]} if "limit" in request.args else {}).limit
    after = _position(request.args.get("after"))
    feed.require(request.caller.owner)
    rows = feed.wait(request.caller.owner, after, limit, _seconds(request.args.get("wait", "0")))
    last = rows[-1][0] if rows else after
    events = b",".join(envelope for _, envelope in rows)
    following = encode_cursor(last).encode()
    return Response(b'{"events":[%s],"next":"%s"}' % (events, following), content_type="application/json")


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    (position,) = decode_cursor(cursor, int)
    return int(position)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= LONGEST_WAIT):
        detail = f"Send a whole number of seconds from 0 to {LONGEST_WAIT}."
        raise problems.bad_request("bad-wait", "wait cannot be used", detail)
    return int(text)
