"""What is wrong, said from the counts of every service: pure.

A concern has a level: `stopped`, where something does not go on by itself and families wait; `look`, where it needs a look;
and `people`, where everything moves and a person is waited for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LATE_SECONDS = 30.0
STANDING_SECONDS = 15.0
SCREENING_SECONDS = 60.0
STOPPED_SECONDS = 600.0
RECALL_SECONDS = 86_400.0
RETRYING_SECONDS = 60.0
FEW_BYTES, NO_BYTES = 5_000_000_000, 200_000_000
"""Free on a disk: less than the first, and than a tenth of it, needs a look; with less than the second it is full."""
STOPPED, LOOK, PEOPLE, WELL = LEVELS = ("stopped", "look", "people", "well")


@dataclass(frozen=True)
class Concern:
    """Something to be put right: what (a code), how bad, at which service or agency, how many and for how long.

    Of a pause also `by` whom, the id that the audit has, and `why`.
    """

    code: str
    level: str
    service: str | None = None
    agency: str | None = None
    count: int | None = None
    seconds: float | None = None
    detail: str | None = None
    by: str | None = None
    why: str | None = None


def concerns(service: Mapping[str, Any]) -> list[str]:
    """Why a service's messages need a look, as codes; empty when all is well."""
    return list(dict.fromkeys(each.code for each in _of_messages(service)))


def overview(
    services: Sequence[Mapping[str, Any]],
    alarms: Sequence[str] = (),
    disks: Sequence[Mapping[str, Any]] = (),
    own_database_full: bool = False,
) -> dict[str, Any]:
    """Every service's counts with what is of concern, every agency's, all concerns, and whether anything is wrong.

    `all_well` is about what moves by itself; `state` is the worst level of all, those for people too. `disks` are those that
    are measured: each one's name (`disk`), `free` and `size` in bytes.
    """
    rows = [{**_without_agencies(service), "concerns": concerns(service)} for service in services]
    found = [Concern("broker-alarm", STOPPED, detail=alarm) for alarm in alarms]
    found += [concern for disk in disks for concern in _of_disk(disk)]
    if own_database_full:
        found.append(Concern("database-full", STOPPED, "operations"))
    no_room = any(concern.level == STOPPED for concern in found)
    for service in services:
        found += _of_messages(service)
        found += _of_watch(service)
    found.sort(key=lambda each: LEVELS.index(each.level))
    return {
        "all_well": not any(row["concerns"] for row in rows) and not no_room,
        "state": found[0].level if found else WELL,
        "concerns": [asdict(each) for each in found],
        "alarms": list(alarms),
        "disks": list(disks),
        "services": rows,
        "agencies": [agency for service in services for agency in service.get("watch", {}).get("agencies", ())],
    }


def _of_messages(service: Mapping[str, Any]) -> Iterable[Concern]:
    """What is wrong with any service's messages."""
    name = service["service"]
    if service.get("unreachable"):
        # It may have answered that its database is away, or full.
        yield Concern(f"database-{service['database']}" if service.get("database") else "unreachable", STOPPED, name)
        return
    ages = service["oldest_seconds"]
    if service["broker"] != "ok":
        yield Concern("broker-away", STOPPED, name, detail=service["broker"])
    if service.get("database") == "full":
        yield Concern("database-full", STOPPED, name)
    if service["consumers"] == 0:
        yield Concern("no-consumer", STOPPED, name, count=service["waiting"])
    if (service.get("standing_seconds") or 0.0) >= STANDING_SECONDS:
        yield Concern("standing-still", STOPPED, name, count=service["in_flight"], seconds=service["standing_seconds"])
    if service["parked"]:
        yield Concern("parked", LOOK, name, count=service["parked"], seconds=ages.get("parked"))
    if (ages["unsent"] or 0.0) > LATE_SECONDS:
        level = STOPPED if ages["unsent"] > STOPPED_SECONDS else LOOK
        yield Concern("unsent-for-long", level, name, count=service["unsent"], seconds=ages["unsent"])
    if (ages.get("due_for_retry") or 0.0) > RETRYING_SECONDS:
        about = {"count": service["due_for_retry"], "seconds": ages["due_for_retry"]}
        yield Concern("failing-again", LOOK, name, **about)
    for pause in service.get("pauses", ()):
        about = {"count": pause["waiting"], "seconds": pause["seconds"], "detail": pause["what"]}
        agency = pause["agency"] or None
        yield Concern("paused", LOOK, name, agency, **about, by=pause["actor"], why=pause["reason"])
    if service.get("escalated_tasks"):
        yield Concern("tasks-overdue", PEOPLE, name, count=service["escalated_tasks"])


def _of_disk(disk: Mapping[str, Any]) -> Iterable[Concern]:
    free, size = disk["free"], disk["size"]
    if free < NO_BYTES:
        yield Concern("disk-full", STOPPED, count=free, detail=disk["disk"])
    elif free < min(FEW_BYTES, size / 10):
        yield Concern("disk-filling", LOOK, count=free, detail=disk["disk"])


def _of_watch(service: Mapping[str, Any]) -> Iterable[Concern]:
    """What a service alone can tell."""
    name, watch = service["service"], service.get("watch", {})
    screening = watch.get("screening", {})
    if (screening.get("oldest_seconds") or 0.0) > SCREENING_SECONDS:
        level = STOPPED if screening["oldest_seconds"] > STOPPED_SECONDS else LOOK
        yield Concern("referrals-waiting", level, name, count=screening["count"], seconds=screening["oldest_seconds"])
    for delayed in watch.get("delayed", ()):
        about = {"count": delayed["count"], "seconds": delayed["oldest_seconds"], "detail": delayed["problem"]}
        yield Concern("messages-delayed", LOOK, name, **about)
    failed = watch.get("failed_lately", {})
    if failed.get("count"):
        yield Concern("messages-failed", LOOK, name, count=failed["count"], seconds=failed["newest_seconds"])
    for agency in watch.get("agencies", ()):
        yield from _of_agency(name, agency)
    if watch.get("reviews", {}).get("count"):
        reviews = watch["reviews"]
        yield Concern("reviews-waiting", PEOPLE, name, count=reviews["count"], seconds=reviews["oldest_seconds"])
    recalls = watch.get("recalls", {})
    if recalls.get("count"):
        level = LOOK if recalls["oldest_seconds"] > RECALL_SECONDS else PEOPLE
        yield Concern("recalls-unacknowledged", level, name, count=recalls["count"], seconds=recalls["oldest_seconds"])


def _of_agency(service: str, agency: Mapping[str, Any]) -> Iterable[Concern]:
    who = {"service": service, "agency": agency["agency"]}
    for webhook in agency["webhooks"]:
        if webhook["state"] != "enabled" or webhook["oldest_seconds"] is not None:
            code = "webhook-off" if webhook["state"] == "disabled" else "webhook-failing"
            about = {"count": webhook["waiting"], "seconds": webhook["oldest_seconds"], "detail": webhook["problem"]}
            yield Concern(code, LOOK, **who, **about)
        if webhook["given_up_lately"]:
            yield Concern("webhook-gave-up", LOOK, **who, count=webhook["given_up_lately"])
    queue = agency["queue"]
    if queue and queue["waiting"] and not queue["consumers"]:
        yield Concern("agency-not-listening", LOOK, **who, count=queue["waiting"])


def _without_agencies(service: Mapping[str, Any]) -> dict[str, Any]:
    """They have a list of their own."""
    watch = {name: value for name, value in service.get("watch", {}).items() if name != "agencies"}
    return {**service, "watch": watch}


def worst(found: Iterable[Mapping[str, Any]]) -> str:
    """The worst level among concerns, `well` where there are none."""
    return min((each["level"] for each in found), key=LEVELS.index, default=WELL)
