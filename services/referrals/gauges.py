"""What Prometheus is told of referrals: how many no rule has looked at yet, and since when."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from services.referrals.watch import watched
from shared.messaging.gauges import gauge
from shared.messaging.runtime import Runtime


def look(runtime: Runtime) -> Iterator[Metric]:
    """Counts and ages; nothing about a family."""
    screening = watched(runtime)["screening"]
    yield gauge("waypost_referrals_screening", "Referrals that wait for a first answer.", screening["count"])
    yield gauge(
        "waypost_referrals_screening_oldest_age_seconds",
        "For how long the oldest referral has waited for a first answer, 0 without one.",
        screening["oldest_seconds"] or 0,
    )
