"""Every concern is told in words: what is wrong, what it means for families, and what to do about it."""

from pathlib import Path
from typing import Any

import pytest

from services.operations.domain import LEVELS, overview
from services.operations.web.pictures import last_hour
from services.operations.web.runbook import runbook
from services.operations.web.telling import age, short_age, told
from shared.web.catalogue import Catalogue

CATALOGUE = Catalogue.of("en")
AGENCIES = {"families-apart": "Families Apart"}
PAUSED = {
    **{"what": "webhook", "agency": "families-apart", "actor": "p:1", "reason": "they move"},
    **{"seconds": 200.0, "waiting": 1},
}
RUNBOOK = Path("docs/operations.md").read_text()


def service(name: str = "routing", **changed: Any) -> dict[str, Any]:
    ages = {"unsent": None, "parked": None, "due_for_retry": None}
    counts = {"waiting": 0, "consumers": 1, "in_flight": 0, "due_for_retry": 0, "parked": 0, "unsent": 0}
    return {"service": name, **counts, "oldest_seconds": ages, "broker": "ok", "watch": {}} | changed


def agency(**changed: Any) -> dict[str, Any]:
    webhook = {"state": "enabled", "waiting": 4, "given_up_lately": 0, "problem": None, "oldest_seconds": None}
    return {
        "agency": "families-apart",
        "webhooks": [webhook | changed.pop("webhook", {})],
        "queue": None,
        **changed,
    }


WRONG: dict[str, dict[str, Any]] = {
    "unreachable": {"unreachable": True},
    "broker-away": {"broker": "ConnectionError", "consumers": None},
    "database-full": {"database": "full"},
    "database-away": {"unreachable": True, "database": "away"},
    "failing-again": {"due_for_retry": 2, "oldest_seconds": {"unsent": None, "due_for_retry": 61.0}},
    "paused": {"pauses": [PAUSED]},
    "no-consumer": {"consumers": 0, "waiting": 12},
    "standing-still": {"in_flight": 200, "standing_seconds": 20.0},
    "parked": {"parked": 3, "oldest_seconds": {"unsent": None, "parked": 90.0}},
    "unsent-for-long": {"unsent": 5, "oldest_seconds": {"unsent": 700.0}},
    "tasks-overdue": {"escalated_tasks": 1},
    "referrals-waiting": {"watch": {"screening": {"count": 3, "oldest_seconds": 720.0}}},
    "messages-delayed": {"watch": {"delayed": [{"problem": "login-refused", "count": 2, "oldest_seconds": 40.0}]}},
    "messages-failed": {"watch": {"failed_lately": {"count": 1, "newest_seconds": 60.0}}},
    "webhook-failing": {"watch": {"agencies": [agency(webhook={"state": "failing", "oldest_seconds": 9.0})]}},
    "webhook-off": {"watch": {"agencies": [agency(webhook={"state": "disabled"})]}},
    "webhook-gave-up": {"watch": {"agencies": [agency(webhook={"given_up_lately": 2})]}},
    "agency-not-listening": {"watch": {"agencies": [agency(queue={"waiting": 7, "consumers": 0})]}},
    "reviews-waiting": {"watch": {"reviews": {"count": 4, "oldest_seconds": 10_900.0}}},
    "recalls-unacknowledged": {"watch": {"recalls": {"count": 1, "oldest_seconds": 90_000.0}}},
}


@pytest.mark.parametrize("code", WRONG)
def test_each_thing_that_can_be_wrong_is_found_and_told_to_people(code: str) -> None:
    (concern,) = overview([service(**WRONG[code])])["concerns"]
    assert concern["code"] == code
    said = told(concern, CATALOGUE, AGENCIES)
    for text in (said.title, said.meaning, said.remedy):
        assert text
        assert "{" not in text
        assert "None" not in text
    if code.startswith(("webhook", "agency")):
        assert "Families Apart" in said.title
    assert f"#### {code}\n" in RUNBOOK, "the runbook has its steps"
    assert f'id="{code}"' in runbook()["what-is-wrong"].text
    assert said.runbook == f"/runbook/what-is-wrong#{code}"


def test_what_a_family_waits_for_is_said_as_people_would() -> None:
    (concern,) = overview([service("referrals", **WRONG["referrals-waiting"])])["concerns"]
    said = told(concern, CATALOGUE, AGENCIES)
    assert said.title == "3 referrals have waited to be assessed, the first for 12 minutes"
    assert said.meaning == "Nobody is told before, neither the family nor an agency."


def test_a_pause_says_who_since_when_why_and_what_waits_and_hides_nothing_that_is_owed() -> None:
    found = overview([service(pauses=[PAUSED], **WRONG["tasks-overdue"])])
    paused, overdue = found["concerns"]
    said = told(paused, CATALOGUE, AGENCIES, {"p:1": "Test Operator"})
    assert said.title == "Webhooks of Families Apart: paused by Test Operator for 3 minutes"
    assert said.meaning == "Because: they move. 1 message waits meanwhile; nothing is lost."
    assert (overdue["code"], found["all_well"], found["state"]) == ("tasks-overdue", False, "look")


@pytest.mark.parametrize(
    ("free", "size", "code"),
    [(4e9, 100e9, "disk-filling"), (4e9, 20e9, None), (6e9, 100e9, None), (1e8, 5e8, "disk-full")],
)
def test_a_disk_is_named_before_it_is_full(free: float, size: float, code: str | None) -> None:
    found = overview([service()], disks=[{"disk": "database", "free": int(free), "size": int(size)}])
    assert [each["code"] for each in found["concerns"]] == ([code] if code else [])
    assert found["all_well"] is (code != "disk-full")
    for each in found["concerns"]:
        said = told(each, CATALOGUE, AGENCIES)
        assert said.title.startswith("The disk of the database")
        assert said.title.endswith(("4.0 GB are left", "100 MB are left"))


def test_a_database_of_our_own_that_is_full_is_named_too() -> None:
    (found,) = overview([service()], own_database_full=True)["concerns"]
    assert (found["code"], found["service"]) == ("database-full", "operations")


def test_the_worst_comes_first_and_says_how_things_are() -> None:
    services = [service(**WRONG["parked"]), service("referrals", unreachable=True), service(**WRONG["reviews-waiting"])]
    found = overview(services, ["memory"])
    assert [concern["level"] for concern in found["concerns"]] == sorted(
        (concern["level"] for concern in found["concerns"]), key=LEVELS.index
    )
    assert (found["state"], found["all_well"]) == ("stopped", False)
    assert overview([service()])["state"] == "well"


def test_that_somebody_is_waited_for_is_no_fault_of_the_machine() -> None:
    found = overview([service(**WRONG["reviews-waiting"])])
    assert (found["state"], found["all_well"]) == ("people", True)


def test_ages_are_told_in_the_largest_unit_that_fits() -> None:
    assert [age(seconds) for seconds in (0.2, 1, 59, 60, 7300, 200_000)] == [
        "0 seconds",
        "1 second",
        "59 seconds",
        "1 minute",
        "2 hours",
        "2 days",
    ]
    assert [short_age(seconds) for seconds in (None, 5, 300)] == ["", "5 s", "5 min"]


def test_the_last_hour_is_a_picture_that_can_also_be_read() -> None:
    picture = last_hour([None, 0, 1, 1000])
    assert picture.about == "1001 within the last hour, at most 1000 in a minute"
    assert picture.path == "M5 24v-2M7 24v-22"
    assert last_hour([0, 0]).about == "Nothing within the last hour"
    assert last_hour(None).about == last_hour([None]).about == "Not known yet"
