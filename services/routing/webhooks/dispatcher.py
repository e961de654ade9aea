"""All couriers of this process: one for each endpoint whose lease it holds, told when the feeds have grown.

Endpoints are looked for every TEND_SECONDS and at once when something was asked over HTTP here. One question finds out
which feeds have grown, however many endpoints there are; with none it is not asked. To endpoints of an agency
whose webhooks operations have paused nothing is sent; when they resume, what waits is tried at once.
"""

import time
from collections.abc import Callable

import eventlet
import structlog
from eventlet.event import Event as Signal
from eventlet.greenthread import GreenThread

from services.routing.feed import Feed
from services.routing.webhooks import journal
from services.routing.webhooks.courier import STOP_WITHIN, Courier
from services.routing.webhooks.journal import LEASE, Endpoint
from services.routing.webhooks.schedule import Schedule
from services.routing.webhooks.sending import Post
from shared.ids import new_id
from shared.logs import place_of
from shared.messaging.pauses import WEBHOOK
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

log = structlog.get_logger(__name__)

TEND_SECONDS = 1.0
RENEW_SECONDS = LEASE.total_seconds() / 3
SAFE_SECONDS = LEASE.total_seconds() * 0.8
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""What was committed enters a feed when the relay has sent it: looked for soon after a commit, then ever more seldom."""


class Dispatcher:
    """`run` never returns until `stop`; `wake` after a change of an endpoint."""

    def __init__(
        self,
        store: Store,
        post: Post,
        schedule: Schedule | None = None,
        count: Callable[[str, str], None] = lambda agency, outcome: None,
    ) -> None:
        """`count` is told the agency and `delivered`, `failed` or `given-up`."""
        self.holder = new_id()
        self._store = store
        self._feed = Feed(store)
        self._post = post
        self._schedule = schedule or Schedule()
        self._count = count
        self._couriers: dict[str, tuple[Courier, GreenThread]] = {}
        self._resting: set[str] = set()
        self._bell = Signal()
        self._pause = LONGEST_PAUSE
        self._newest = 0
        self._tended = self._renewed = float("-inf")
        self._stopping = False
        self._ended: Signal | None = None
        store.on_new_events(self._hurry)

    def wake(self) -> None:
        """Endpoints have changed."""
        self._tended = float("-inf")
        self._ring()

    def stop(self) -> None:
        """Returns when what was on its way has ended and is written down."""
        self._stopping = True
        self._ring()
        if self._ended is not None:
            with eventlet.Timeout(STOP_WITHIN + 5, False):
                self._ended.wait()

    def run(self) -> None:
        """Sends for ever; when the database is away, waits and begins again."""
        self._ended = Signal()
        while not self._stopping:
            self._bell = Signal()
            try:
                self._turn()
            except Exception as error:
                log.warning("webhooks.interrupted", error=type(error).__name__, place=place_of(error))
                self._pause = LONGEST_PAUSE
            self._wait()
        self._stop_all()
        self._ended.send()

    def _turn(self) -> None:
        if time.monotonic() - self._tended >= TEND_SECONDS:
            self._tend()
        if self._couriers:
            grown = journal.grown_since(self._store, self._newest)
            self._newest = max(grown.values(), default=self._newest)
            for courier, _ in self._couriers.values():
                if courier.endpoint.agency in grown:
                    courier.wake()

    def _tend(self) -> None:
        began = time.monotonic()
        renew = began - self._renewed >= RENEW_SECONDS
        endpoints = {endpoint.id: endpoint for endpoint in journal.claim(self._store, self.holder, renew)}
        self._tended = began
        if renew:
            self._renewed = began
        paused = self._store.pauses.agencies(WEBHOOK) if endpoints else frozenset()
        for webhook_id, (courier, thread) in list(self._couriers.items()):
            endpoint = endpoints.get(webhook_id)
            if endpoint is None or endpoint.generation != courier.endpoint.generation or thread.dead:
                courier.stop()
                del self._couriers[webhook_id]
            elif endpoint.agency in paused:
                courier.stop()  # It is forgotten once what was on its way has ended.
            else:
                courier.endpoint = endpoint
        if endpoints and not self._couriers:
            self._newest = journal.newest_position(self._store)
        for endpoint in endpoints.values():
            if endpoint.agency in paused:
                self._resting.add(endpoint.id)
            elif endpoint.id not in self._couriers:
                if endpoint.id in self._resting:
                    journal.hurry(self._store, endpoint.id)
                    self._resting.remove(endpoint.id)
                self._start(endpoint)

    def _start(self, endpoint: Endpoint) -> None:
        courier = Courier(
            self._store,
            self._feed,
            self._post,
            self._schedule,
            self.holder,
            endpoint,
            lambda: time.monotonic() - self._renewed < SAFE_SECONDS,
            self._count,
        )
        self._couriers[endpoint.id] = courier, eventlet.spawn(_run, courier)

    def _stop_all(self) -> None:
        couriers, self._couriers = list(self._couriers.values()), {}
        if not couriers:
            return
        for courier, _ in couriers:
            courier.stop()
        for _, thread in couriers:
            thread.wait()
        try:
            journal.release(self._store, self.holder)
        except Exception as error:
            # The leases end by themselves.
            log.warning("webhooks.not-released", error=type(error).__name__, place=place_of(error))

    def _wait(self) -> None:
        seconds = min(self._pause, TEND_SECONDS) if self._couriers else TEND_SECONDS
        with eventlet.Timeout(seconds, False):
            self._bell.wait()
        if self._couriers and self._pause < LONGEST_PAUSE:
            eventlet.sleep(SHORTEST_PAUSE)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _hurry(self, _: Transaction) -> None:
        self._pause = SHORTEST_PAUSE
        self._ring()

    def _ring(self) -> None:
        if not self._bell.ready():
            self._bell.send()


def _run(courier: Courier) -> None:
    try:
        courier.run()
    except Exception as error:
        log.warning(
            "webhook.interrupted", webhook_id=courier.endpoint.id, error=type(error).__name__, place=place_of(error)
        )
