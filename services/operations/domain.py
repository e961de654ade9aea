"""What is wrong, said from the counts of every service: pure."""

from collections.abc import Mapping, Sequence
from typing import Any

LATE_SECONDS = 30.0


def concerns(service: Mapping[str, Any]) -> list[str]:
    """Why a service's messages need a look, as codes; empty when all is well."""
    if service.get("unreachable"):
        return ["unreachable"]
    found = []
    if service["broker"] != "ok":
        found.append("broker-away")
    if service["consumers"] == 0:
        found.append("no-consumer")
    if service["parked"]:
        found.append("parked")
    if (service["oldest_seconds"]["unsent"] or 0.0) > LATE_SECONDS:
        found.append("unsent-for-long")
    if service.get("escalated_tasks"):
        found.append("tasks-overdue")
    return found


def overview(services: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Every service's counts with what is of concern, and whether anything is."""
    rows = [{**service, "concerns": concerns(service)} for service in services]
    return {"all_well": not any(row["concerns"] for row in rows), "services": rows}
