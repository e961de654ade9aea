"""Metrics of one service, for Prometheus. Labels come from fixed vocabularies, so their number is bounded."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.contracts.registry import EVENTS

KNOWN_TYPES = frozenset(schema.type() for schema in EVENTS)


class Metrics:
    """One registry for each service: the same names in one process and in many."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._handled = Counter(
            "waypost_events_handled_total", "Events by type and outcome", ["type", "outcome"], registry=registry
        )
        self._sent = Counter("waypost_events_sent_total", "Events confirmed by the broker", registry=registry)
        self._unsent = Counter(
            "waypost_events_send_failures_total", "Events not confirmed", ["problem"], registry=registry
        )
        self._batch = Histogram(
            "waypost_batch_size", "Messages in a batch", buckets=(1, 2, 5, 10, 50, 100, 200), registry=registry
        )
        self.requests = Histogram(
            "waypost_http_request_seconds",
            "HTTP requests by route and status",
            ["method", "route", "status"],
            registry=registry,
        )
        self.in_flight = Gauge(
            "waypost_messages_in_flight", "Messages received and not acknowledged", registry=registry
        )
        self.backlog = Gauge("waypost_backlog", "Messages by where they are", ["state"], registry=registry)
        self.oldest = Gauge("waypost_backlog_oldest_seconds", "Age of the oldest message", ["state"], registry=registry)
        Gauge("waypost_service_info", "Constant 1", ["service"], registry=registry).labels(service).set(1)

    def handled(self, kind: str, outcome: str) -> None:
        self._handled.labels(kind if kind in KNOWN_TYPES else "other", outcome).inc()

    def sent(self, count: int) -> None:
        self._sent.inc(count)

    def not_sent(self, problem: str) -> None:
        self._unsent.labels(problem).inc()

    def batch(self, size: int) -> None:
        self._batch.observe(size)
