"""One endpoint's courier: reads the agency's feed, sends what may be sent, writes down what came of it.

Several parcels are on their way at once, of different referrals; of one referral the next goes when the one before was
taken or given up. Progress is written every FLUSH_SECONDS: a kill repeats what was delivered since, with the same ids.
Nothing here waits for another endpoint.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import eventlet
import orjson
import structlog
from eventlet.event import Event as Signal

from services.routing.feed import Feed
from services.routing.webhooks import journal
from services.routing.webhooks.journal import Endpoint, Superseded, Tally
from services.routing.webhooks.lanes import Lanes, Parcel
from services.routing.webhooks.schedule import Pace, Schedule, retry_after
from services.routing.webhooks.sending import GONE, Outcome, Post
from services.routing.webhooks.signing import signed_headers
from shared.messaging.store import Store
from shared.tracing import traceparent_in

log = structlog.get_logger(__name__)

AT_ONCE = 8
READ_AHEAD = 200
MOST_OPEN = 10_000
"""With so many undelivered the feed is read no further: the rest waits where it is."""
FRESH_SECONDS = 2.0
FLUSH_SECONDS = 0.25
LONGEST_WAIT = 5.0
STOP_WITHIN = 15.0


class Courier:
    """`run` returns when it was stopped, is superseded or switched off, and raises when the database is away."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        post: Post,
        schedule: Schedule,
        holder: str,
        endpoint: Endpoint,
        may_send: Callable[[], bool],
        count: Callable[[str, str], None],
    ) -> None:
        """`may_send` says whether the lease holds; `count` is the dispatcher's."""
        self.endpoint = endpoint
        self._store = store
        self._feed = feed
        self._post = post
        self._schedule = schedule
        self._holder = holder
        self._may_send = may_send
        self._count = count
        self._pace = Pace(schedule)
        self._lanes = Lanes(endpoint.after)
        self._tally = Tally(paused_until=endpoint.paused_until)
        self._pool = eventlet.GreenPool(AT_ONCE)
        self._bell = Signal()
        self._more = True
        self._flushed = time.monotonic()
        self._stopping = False
        self._fault: Exception | None = None

    def wake(self) -> None:
        """The feeds have grown."""
        self._more = True
        self._ring()

    def stop(self) -> None:
        self._stopping = True
        self._ring()

    def run(self) -> None:
        for parcel in journal.waiting(self._store, self.endpoint.id):
            self._lanes.add(parcel)
        try:
            while not self._stopping and not self._tally.gone:
                self._bell = Signal()
                self._read_ahead()
                self._send_what_may_go()
                if time.monotonic() - self._flushed >= FLUSH_SECONDS:
                    self._flush()
                self._wait()
                if self._fault is not None:
                    raise self._fault
            with eventlet.Timeout(STOP_WITHIN, False):
                self._pool.waitall()
            self._flush()
        except Superseded:
            log.info("webhook.superseded", webhook_id=self.endpoint.id)

    def _read_ahead(self) -> None:
        while self._more and self._lanes.fresh < READ_AHEAD // 2 and self._lanes.open < MOST_OPEN:
            self._more = False
            rows = self._feed.read(self.endpoint.agency, self._lanes.read_to, READ_AHEAD)
            self._more = self._more or len(rows) == READ_AHEAD
            read_at = time.monotonic()
            for position, body in rows:
                envelope = orjson.loads(body)
                self._lanes.add(Parcel(position, envelope["id"], envelope["subject"], body, read_at))

    def _send_what_may_go(self) -> None:
        now = self._now()
        paused = self._tally.paused_until
        if not self._may_send() or (paused and paused > now):
            return
        while self._pool.free() > 0 and not self._pace.wait(time.monotonic()) and (parcel := self._lanes.next(now)):
            self._pace.take(time.monotonic())
            self._pool.spawn_n(self._deliver, parcel)

    def _deliver(self, parcel: Parcel) -> None:
        try:
            body = self._body_of(parcel)
            if body is None:  # Its feed no longer holds it, and what follows must not wait for ever.
                self._lanes.delivered(parcel)
            else:
                self._settle(parcel, self._send(parcel, body))
        except Exception as error:
            self._fault = error
        self._ring()

    def _send(self, parcel: Parcel, body: bytes) -> Outcome:
        now, parent = self._now(), traceparent_in(body)
        with self._store.tracer.span("webhook", "client", parent, {"waypost.agency": self.endpoint.agency}) as span:
            headers = signed_headers(self.endpoint.keys(now), parcel.event_id, now, body)
            if span.traceparent:
                headers["traceparent"] = span.traceparent
            outcome = self._post.send(self.endpoint.url, headers, body)
            span.tell({"waypost.outcome": outcome.problem or "delivered"}, failed=outcome.problem is not None)
        return outcome

    def _body_of(self, parcel: Parcel) -> bytes | None:
        """What the feed says now: it may say less than when the event was first read."""
        if parcel.body is not None and time.monotonic() - parcel.read_at < FRESH_SECONDS:
            return parcel.body
        rows = self._feed.read(self.endpoint.agency, parcel.position - 1, 1)
        return rows[0][1] if rows and rows[0][0] == parcel.position else None

    def _settle(self, parcel: Parcel, outcome: Outcome) -> None:
        if outcome.problem is None:
            self._tally.delivered += 1
            self._lanes.delivered(parcel)
            self._count(self.endpoint.agency, "delivered")
            return
        now = self._now()
        asked = retry_after(outcome.retry_after, now)
        parcel.attempts += 1
        parcel.problem = outcome.problem
        parcel.first_failed_at = parcel.first_failed_at or now
        self._tally.failed += 1
        self._tally.problem = outcome.problem
        self._tally.gone |= outcome.problem == GONE
        if asked:
            self._tally.paused_until = now + timedelta(seconds=asked)
        due = self._schedule.due(now, parcel.attempts, parcel.first_failed_at, asked)
        if due is None:
            self._lanes.give_up(parcel)
        else:
            self._lanes.failed(parcel, due)
        self._count(self.endpoint.agency, "failed" if due else "given-up")
        log.warning(
            "webhook.failed" if due else "webhook.given-up",
            webhook_id=self.endpoint.id,
            event_id=parcel.event_id,
            problem=outcome.problem,
            attempts=parcel.attempts,
        )

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        tally = self._tally
        if not (self._lanes.changed or tally.delivered or tally.failed):
            return
        self._tally = Tally(paused_until=tally.paused_until, gone=tally.gone)
        journal.write(self._store, self._holder, self.endpoint, self._lanes.take_changes(), tally)

    def _wait(self) -> None:
        with eventlet.Timeout(self._seconds_to_wait(), False):
            self._bell.wait()

    def _seconds_to_wait(self) -> float:
        seconds = LONGEST_WAIT
        if self._lanes.changed or self._tally.delivered or self._tally.failed:
            seconds = max(0.0, self._flushed + FLUSH_SECONDS - time.monotonic())
        now, paused, due = self._now(), self._tally.paused_until, self._lanes.next_due()
        if not self._may_send():
            seconds = min(seconds, 1.0)
        elif paused and paused > now:
            seconds = min(seconds, (paused - now).total_seconds())
        elif self._pool.free() > 0 and (self._lanes.ready or due):
            first = 0.0 if self._lanes.ready or due is None else (due - now).total_seconds()
            seconds = min(seconds, max(first, self._pace.wait(time.monotonic())))
        return seconds + 0.001

    def _ring(self) -> None:
        if not self._bell.ready():
            self._bell.send()

    def _now(self) -> datetime:
        return self._store.resources.clock.now()
