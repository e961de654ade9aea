"""What Prometheus is told of messages to people: how many wait, for how long, and what stands in their way."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from services.notifications.watch import watched
from shared.messaging.gauges import gauge, gauges
from shared.messaging.runtime import Runtime


def look(runtime: Runtime) -> Iterator[Metric]:
    """Counts and ages; `problem` is a code out of the carriers' vocabulary."""
    seen = watched(runtime)
    waiting = seen["messages"]
    yield gauge("waypost_notifications_waiting", "E-mails and texts that are not sent yet.", waiting["count"])
    yield gauge(
        "waypost_notifications_oldest_age_seconds",
        "Age of the oldest that is not sent yet, 0 without one.",
        waiting["oldest_seconds"] or 0,
    )
    yield gauges(
        "waypost_notifications_delayed",
        "E-mails and texts that were tried and wait for another try, by what stood in the way.",
        "problem",
        {delayed["problem"]: delayed["count"] for delayed in seen["delayed"]},
    )
