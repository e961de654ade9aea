"""What Prometheus is told of agencies and of what waits for a person; the same that operations see, as numbers."""

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client.core import Metric

from services.routing.overdue import how_many_late
from services.routing.watch import watched
from services.routing.webhooks.tables import DISABLED
from shared.messaging.gauges import gauge, gauges
from shared.messaging.runtime import Runtime


def look(runtime: Runtime) -> Iterator[Metric]:
    """Counts and ages; an agency is named by its id in the directory."""
    seen = watched(runtime)
    for name, what in (("reviews", "Referrals that wait for a person"), ("recalls", "Recalls that nobody confirmed")):
        yield gauge(f"waypost_{name}_waiting", f"{what}.", seen[name]["count"])
        oldest = seen[name]["oldest_seconds"] or 0
        yield gauge(f"waypost_{name}_oldest_age_seconds", f"{what}: age of the oldest, 0 without one.", oldest)
    late = how_many_late(runtime.store)
    yield gauges(
        "waypost_tasks_late",
        "What agencies owe and have not done by the day; escalated is two working days late.",
        "stage",
        late,
    )
    yield from _of_agencies(seen["agencies"])


def _of_agencies(agencies: list[dict[str, Any]]) -> Iterator[Metric]:
    def of_each(name: str, help_text: str, key: str) -> Metric:
        return gauges(name, help_text, "agency", {each["agency"]: each[key] or 0 for each in agencies})

    yield of_each("waypost_agency_tasks_open", "Tasks of an agency that are not over.", "open")
    yield of_each("waypost_agency_tasks_unanswered", "Tasks that an agency has not answered.", "requested")
    yield of_each("waypost_agency_unsent", "Events for an agency that are not in its feed or queue yet.", "unsent")
    yield of_each(
        "waypost_agency_unsent_oldest_age_seconds",
        "Age of the oldest unsent event for an agency, 0 without one.",
        "oldest_unsent_seconds",
    )
    queues = {each["agency"]: each["queue"] for each in agencies if each["queue"]}
    yield gauges(
        "waypost_agency_queue_waiting",
        "Events in an agency's own queue that it has not taken.",
        "agency",
        {agency: queue["waiting"] for agency, queue in queues.items()},
    )
    yield gauges(
        "waypost_agency_queue_consumers",
        "How many programs of an agency listen to its own queue.",
        "agency",
        {agency: queue["consumers"] for agency, queue in queues.items()},
    )
    yield from _of_webhooks(agencies)


def _of_webhooks(agencies: list[dict[str, Any]]) -> Iterator[Metric]:
    webhooks = {each["agency"]: each["webhooks"] for each in agencies}

    def of_each(name: str, help_text: str, count: Callable[[list[dict[str, Any]]], float]) -> Metric:
        return gauges(name, help_text, "agency", {agency: count(found) for agency, found in webhooks.items()})

    yield of_each("waypost_webhooks", "Webhooks of an agency.", len)
    yield of_each(
        "waypost_webhooks_disabled",
        "Webhooks of an agency that were switched off after three days without success.",
        lambda found: sum(webhook["state"] == DISABLED for webhook in found),
    )
    yield of_each(
        "waypost_webhook_waiting",
        "Events that wait for another try to be handed over.",
        lambda found: sum(webhook["waiting"] for webhook in found),
    )
    yield of_each(
        "waypost_webhook_oldest_age_seconds",
        "For how long an agency's webhook has not taken an event, 0 where it takes all.",
        lambda found: max((webhook["oldest_seconds"] or 0 for webhook in found), default=0),
    )
