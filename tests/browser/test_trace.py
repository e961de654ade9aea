"""A referral's trace, as operations look at it: found by its reference, drawn and told, now and at an earlier moment."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from services.catalogue import runtime_of
from shared.messaging.runtime import Runtime
from tests.support.browser import LAPTOP, PHONE_PLAIN, views
from tests.support.browser_checks import check_page
from tests.support.families import family
from tests.support.parking import park, withdrawal
from tests.support.people import signed_in
from tests.support.personal import personal_values
from tests.support.system import System, wait_until

Json = dict[str, Any]
BOTH = views(LAPTOP, PHONE_PLAIN)
SOON = 20_000
"""Milliseconds: services are asked on the way to each page, and the machine may be busy."""


@pytest.fixture
def routing(system: System) -> Iterator[Runtime]:
    """The routing service's store, left without anything parked."""
    runtime = runtime_of("routing", system.settings)
    yield runtime
    with runtime.store.writing() as transaction:
        transaction.execute(runtime.metadata.tables["failures"].delete())
    runtime.store.database.close()


def feed(system: System, key: str) -> list[Json]:
    url, headers = f"{system.routing_url}/v1/events", {"Authorization": f"Bearer {key}"}
    found: list[Json] = []
    place: dict[str, str] = {}
    while True:
        answer = requests.get(url, params=place, headers=headers, timeout=20).json()
        place["after"] = answer["next"]
        if not answer["events"]:
            return found
        found += answer["events"]


def looked_at(system: System, key: str, referral_id: str) -> None:
    """The agency has looked at the family once it was asked."""

    def link() -> str | None:
        about = [event["data"] for event in feed(system, key) if event["subject"] == referral_id]
        return next((data["link"] for data in about if "link" in data), None)

    headers = {"Authorization": f"Bearer {key}"}
    answer = requests.get(f"{wait_until(link, 'the task')}/referral", headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text


@BOTH
def test_a_referral_is_traced_from_its_reference_to_what_each_agency_could_see(
    page: Page,
    system: System,
    demo_keys: dict[str, str],
    refer: Callable[[Json], Json],
    routing: Runtime,
) -> None:
    body = family()
    referral = refer(body)
    looked_at(system, demo_keys["families-apart"], referral["id"])
    event_id = park(routing, withdrawal(referral["id"]))
    cookies = signed_in(system, "operations", "operations", "operations", "Test Operator")
    url = system.operations_url
    page.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])

    page.goto(url)
    page.get_by_role("link", name="Trace", exact=True).click()
    page.get_by_label("Reference").fill("J4K-6YM-YB9")
    page.get_by_role("button", name="Trace it").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no reference of ours", timeout=SOON)
    check_page(page, "trace-mistyped")
    page.get_by_label("Reference").fill("j4k 6ym yb7")
    page.get_by_role("button", name="Trace it").click()
    expect(page.get_by_text("There is no referral J4K-6YM-YB7 here")).to_be_visible(timeout=SOON)
    check_page(page, "trace-unknown")

    page.get_by_label("Reference").fill(referral["reference"].lower().replace("-", ""))
    page.get_by_role("button", name="Trace it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Referral {referral['reference']}", timeout=SOON)
    expect(page.get_by_role("listitem").filter(has_text="Parked at Routing")).to_contain_text("ValueError")
    expect(page.get_by_role("row").filter(has_text="The referral was taken")).to_contain_text(
        "Eligibility", timeout=SOON
    )
    expect(page.locator(".sees").filter(has_text="Families Apart")).to_contain_text("The family, as far as it agreed")
    assert [value for value in personal_values(body) if value in page.content()] == []
    check_page(page, "trace")

    page.get_by_text("Every change").first.click()
    page.locator(".sees ol a").first.click()
    expect(page.locator("#seen")).to_contain_text("What each agency could see on", timeout=SOON)
    page.get_by_label("At another moment").fill("2026-01-01T10:00:00")
    page.get_by_role("button", name="Look").click()
    expect(page.locator(".sees").first).to_contain_text("Nothing", timeout=SOON)
    check_page(page, "trace-then")

    page.goto(f"{url}/parked/routing/messages/{event_id}")
    page.get_by_role("link", name="Trace it through every service").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Referral {referral['reference']}", timeout=SOON)
