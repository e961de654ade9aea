"""Metrics of one service, for Prometheus: what is counted as it happens. What is looked up when Prometheus asks is in `gauges`.

Labels come from fixed vocabularies (event types, route patterns, agencies of the directory), so their number is bounded, and
none is about a family. Which service it is, the scrape says: each has a listener of its own.
"""

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from shared.contracts.registry import EVENTS
from shared.version import VERSION

KNOWN_TYPES = frozenset(schema.type() for schema in EVENTS)
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUICK = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)
"""Seconds that work in one process takes."""
USUAL = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds that somebody waits for."""
LONG = (0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)
"""Seconds between two services, from at once to an outage."""

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One registry for each service: the same names in one process and in many."""

    def __init__(self, service: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._handled = Counter(
            "waypost_events_handled_total",
            "Events that were done, put off for a retry, parked for a person, or held while paused.",
            ["type", "outcome"],
            registry=registry,
        )
        self._handler = Histogram(
            "waypost_event_handler_duration_seconds",
            "How long the handler of an event ran, without the commit.",
            ["type"],
            buckets=QUICK,
            registry=registry,
        )
        self._lag = Histogram(
            "waypost_event_lag_seconds",
            "Age of the oldest event of a batch when it was taken.",
            buckets=LONG,
            registry=registry,
        )
        self._batch = Histogram(
            "waypost_batch_events", "Events in a batch.", buckets=(1, 2, 5, 10, 50, 100, 200), registry=registry
        )
        self._sent = Counter("waypost_events_sent_total", "Events that the broker has confirmed.", registry=registry)
        self._unsent = Counter(
            "waypost_event_send_failures_total",
            "Events that the broker did not confirm, by why.",
            ["problem"],
            registry=registry,
        )
        for problem in ("unroutable", "refused-by-broker", "not-confirmed"):
            self._unsent.labels(problem)  # There before it happens, so that the first one is seen to happen.
        self._requests = Histogram(
            "waypost_http_request_duration_seconds",
            "HTTP requests, from the head to the answer.",
            ["method", "route", "status"],
            buckets=USUAL,
            registry=registry,
        )
        self._database_wait = Histogram(
            "waypost_database_wait_seconds",
            "How long a transaction waited for a connection, or for its turn to write.",
            buckets=QUICK,
            registry=registry,
        )
        self.relay_leader = Gauge(
            "waypost_relay_leader", "1 where this process sends the service's events.", registry=registry
        )
        Gauge(
            "waypost_build_info", "Constant 1; what runs here.", ["service", "version", "python"], registry=registry
        ).labels(service, VERSION, platform.python_version()).set(1)
        self._handlers: dict[str, Histogram] = {}
        self._answers: dict[tuple[str, str, int], Histogram] = {}
        self.in_flight = 0
        """Messages of the batch in hand, not acknowledged."""
        self.batches = 0
        """How many were taken."""
        self.last_lag = 0.0
        """The age in seconds of the oldest message of the batch that was taken last."""

    def handled(self, kind: str, outcome: str, count: int = 1) -> None:
        """`outcome` is `done`, `retry`, `parked`, or `held` while the handling is paused."""
        self._handled.labels(kind if kind in KNOWN_TYPES else OTHER, outcome).inc(count)

    def handler_ran(self, kind: str, seconds: float) -> None:
        if kind not in self._handlers:
            self._handlers[kind] = self._handler.labels(kind if kind in KNOWN_TYPES else OTHER)
        self._handlers[kind].observe(seconds)

    def took(self, age: float) -> None:
        """A batch was taken; its oldest event was written `age` seconds ago."""
        self.batches += 1
        self.last_lag = max(0.0, age)
        self._lag.observe(self.last_lag)

    def sent(self, count: int) -> None:
        self._sent.inc(count)

    def not_sent(self, problem: str) -> None:
        self._unsent.labels(problem).inc()

    def batch(self, size: int) -> None:
        self._batch.observe(size)

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request; `route` is the pattern, None where none matched."""
        asked = method if method in METHODS else OTHER, route or "none", status // 100
        if asked not in self._answers:
            self._answers[asked] = self._requests.labels(*asked[:2], f"{asked[2]}xx")
        self._answers[asked].observe(seconds)

    def waited_for_database(self, seconds: float) -> None:
        self._database_wait.observe(seconds)
