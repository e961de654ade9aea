"""What Prometheus is told of one service that is looked up when it asks: where messages are, how old, who takes them.

Looked up at most every SAME_SECONDS, however many ask, and within the time that a scrape has: where the database or the
broker does not answer, that is what the metrics say. Counts and ages only; nothing is read that is about a family.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import eventlet
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.pool import QueuePool

from shared.messaging.backlog import Backlog
from shared.messaging.pauses import oldest_pause
from shared.messaging.runtime import Runtime

SAME_SECONDS = 5.0
ANSWER_WITHIN = 8.0
DATABASE_WITHIN = 5.0
STATES = ("waiting", "in_flight", "due_for_retry", "parked", "unsent")
log = structlog.get_logger(__name__)

Look = Callable[[], Iterator[Metric]]


class Looked(Collector):
    """Metrics out of `look`, the same for SAME_SECONDS; none while it fails."""

    def __init__(self, look: Look, what: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._monotonic = monotonic
        self._what = what
        self._seen: list[Metric] = []
        self._at = float("-inf")

    def describe(self) -> list[Metric]:
        """Nothing, so that what is looked up is not looked up at start."""
        return []

    def collect(self) -> list[Metric]:
        if self._monotonic() - self._at >= SAME_SECONDS:
            self._at = self._monotonic()
            try:
                with eventlet.Timeout(ANSWER_WITHIN):
                    self._seen = list(self._look())
            except (Exception, eventlet.Timeout) as error:
                log.warning("metrics.not-looked-up", what=self._what, error=type(error).__name__)
                self._seen = []
        return self._seen


class MessagingGauges:
    """One service's backlog and connections, as this process sees them."""

    def __init__(self, runtime: Runtime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._runtime = runtime
        self._monotonic = monotonic
        self._backlog = Backlog(runtime)
        self._waiting_since: float | None = None
        self._batches = 0
        self._move = False

    def look(self) -> Iterator[Metric]:
        try:
            with eventlet.Timeout(DATABASE_WITHIN):
                counts, paused = self._backlog.counts(), oldest_pause(self._runtime.store)
        except (Exception, eventlet.Timeout) as error:
            log.warning("metrics.database-away", service=self._runtime.service, error=type(error).__name__)
            yield gauge("waypost_database_up", "1 where the service's database answers.", 0)
        else:
            yield gauge("waypost_database_up", "1 where the service's database answers.", 1)
            yield gauge("waypost_broker_up", "1 where the broker answers.", counts["broker"] == "ok")
            yield from self._messages(counts)
            yield gauge(
                "waypost_oldest_pause_age_seconds",
                "For how long something has been paused here, 0 where nothing is.",
                paused,
            )
        yield from self._connections()

    def _messages(self, counts: Mapping[str, Any]) -> Iterator[Metric]:
        yield gauges(
            "waypost_messages",
            "Messages by where they are.",
            "state",
            {state: counts[state] for state in STATES if counts[state] is not None},
        )
        ages = {state: age or 0 for state, age in counts["oldest_seconds"].items()}
        if counts["waiting"] is not None:
            ages["waiting"] = self._oldest_waiting(counts["waiting"] + counts["in_flight"])
        ages["in_flight"] = counts["standing_seconds"] or 0
        yield gauges("waypost_oldest_message_age_seconds", "Age of the oldest message, 0 without one.", "state", ages)
        if counts["consumers"] is not None:
            yield gauge(
                "waypost_consumers", "Consumers of the service's queue, of all its replicas.", counts["consumers"]
            )
        if self._runtime.broker.prefetch is not None:
            yield gauge(
                "waypost_consumer_prefetch",
                "Messages that one consumer may hold unacknowledged.",
                self._runtime.broker.prefetch,
            )

    def _oldest_waiting(self, waiting: int) -> float:
        """No broker says how old a message is. While they move, the next is about as old as the one taken last; while they
        stand, at least as old as the time for which they have been seen to stand."""
        metrics, now = self._runtime.metrics, self._monotonic()
        if not waiting:
            self._waiting_since, self._move = None, False
            return 0.0
        if self._waiting_since is None or metrics.batches != self._batches:
            self._move = self._waiting_since is not None
            self._waiting_since, self._batches = now, metrics.batches
        return max(metrics.last_lag if self._move else 0.0, now - self._waiting_since)

    def _connections(self) -> Iterator[Metric]:
        pool = self._runtime.store.database.engine.pool
        if isinstance(pool, QueuePool):
            yield gauges(
                "waypost_database_connections",
                "Connections to the database by what they do.",
                "state",
                {"in_use": pool.checkedout(), "idle": pool.checkedin()},
            )
            most = pool.size() + max(0, pool._max_overflow)
            yield gauge("waypost_database_connections_limit", "Connections there may be at most.", most)


def gauge(name: str, help_text: str, value: float) -> Metric:
    """One number."""
    return GaugeMetricFamily(name, help_text, value=float(value))


def gauges(name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    """A number for each value of a label."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for each, value in values.items():
        family.add_metric([each], float(value))
    return family
