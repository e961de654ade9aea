"""Pausing as operations do it: seen on the overview with who and why, and ended; and the runbook to which concerns lead."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import LAPTOP_PLAIN, PHONE, views
from tests.support.browser_checks import check_page
from tests.support.people import signed_in
from tests.support.system import System, wait_until

EACH = views(PHONE, LAPTOP_PLAIN)
FEED = "Feed of Time Matters UK"


@pytest.fixture
def console(page: Page, system: System) -> str:
    """The console's address, where somebody is signed in."""
    cookies = signed_in(system, "operations", "operations", "operations", "Test Operator")
    page.context.add_cookies([{"name": n, "value": v, "url": system.operations_url} for n, v in cookies.items()])
    return system.operations_url


@EACH
def test_a_channel_is_paused_with_a_reason_named_on_the_overview_and_goes_on(page: Page, console: str) -> None:
    page.goto(console + "/pauses")
    expect(page.get_by_text("Nothing is paused.")).to_be_visible()
    check_page(page, "pauses")
    page.get_by_label("What is to wait?").select_option(label=FEED)
    page.get_by_role("button", name="Pause it").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why, in a few words")
    check_page(page, "pauses-wrong")

    page.get_by_label("Why?").fill("their system moves to another machine")
    page.get_by_role("button", name="Pause it").click()
    expect(page.get_by_role("status")).to_have_text(f"{FEED}: paused, within a few seconds")
    expect(page.get_by_role("region", name=FEED)).to_contain_text("Paused by Test Operator")
    expect(page.get_by_role("option", name=FEED)).to_have_count(0)
    check_page(page, "pauses-paused")

    concern = page.locator(".concern").filter(has_text=f"{FEED}: paused by Test Operator")
    wait_until(lambda: page.goto(console) and concern.count(), "the overview to name it")
    expect(concern).to_contain_text("Because: their system moves to another machine. Nothing waits meanwhile")
    check_page(page, "pauses-overview")
    concern.get_by_role("link", name="See what is paused").click()
    page.get_by_role("button", name=f"Resume {FEED}").click()
    expect(page.get_by_role("status")).to_have_text(f"{FEED}: goes on, within a few seconds")
    expect(page.get_by_text("Nothing is paused.")).to_be_visible()


@EACH
def test_the_runbook_has_a_place_for_each_concern(page: Page, console: str) -> None:
    page.goto(console + "/runbook")
    check_page(page, "runbook")
    page.goto(console + "/runbook/what-is-wrong#broker-alarm")
    expect(page.get_by_role("heading", name="broker-alarm")).to_be_in_viewport()
    check_page(page, "runbook-wrong")
