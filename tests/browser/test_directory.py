"""The agency directory: mistakes are told, a draft is tried over past families, somebody else publishes it, one step back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from shared.directory.reader import files_of
from tests.support.browser import LAPTOP_PLAIN, PHONE, View, views
from tests.support.browser_checks import check_page
from tests.support.families import family
from tests.support.people import signed_in
from tests.support.system import System, wait_until

EACH = views(PHONE, LAPTOP_PLAIN)
NAME = "families-apart.yaml"
Json = dict[str, Any]


def sign_in(page: Page, system: System, name: str, role: str = "operations") -> str:
    """The console's address, where somebody is signed in from now on."""
    cookies = signed_in(system, "operations", "operations", role, name)
    page.context.add_cookies([{"name": n, "value": v, "url": system.operations_url} for n, v in cookies.items()])
    return system.operations_url


def upload(page: Page, folder: Path, old: str, new: str) -> None:
    """Brings the file with something changed in it."""
    text = files_of()[NAME]
    assert old in text
    (folder / NAME).write_text(text.replace(old, new))
    page.get_by_label("Changed files").set_input_files(folder / NAME)
    page.get_by_label("What has changed, and who said so").fill("A made-up change")
    page.get_by_role("button", name="Check and keep as a draft").click()


def run_over_past_facts(page: Page, view: View) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Run it over past facts").click()
    done = page.get_by_role("status").filter(has_text="Done")
    if not view.scripts:
        wait_until(lambda: page.reload() and done.count(), "the end of the trial")
    expect(done).to_be_visible(timeout=20_000)


@EACH
def test_a_draft_is_checked_tried_published_by_somebody_else_and_taken_back(
    page: Page, system: System, refer: Callable[[Json], Json], view: View, tmp_path: Path
) -> None:
    referral = refer(family())
    url = sign_in(page, system, "Test Uploader")
    page.goto(url + "/directory")
    expect(page.locator("#live ~ section").first).to_contain_text("Live")
    check_page(page, "directory")

    upload(page, tmp_path, "capacity: open", "capacity: full")
    expect(page.get_by_role("main")).to_contain_text(
        "families-apart.yaml: capacity: is not any of open, waiting-list, closed."
    )
    check_page(page, "directory-mistakes")

    upload(page, tmp_path, "in: [E09000021]", "in: [E09000027]")
    expect(page.get_by_role("main")).to_contain_text("says something else (criteria)")
    run_over_past_facts(page, view)
    page.reload()
    found = page.get_by_role("region", name=f"Referral {referral['reference']}")
    expect(found).to_contain_text("Newly out")
    expect(found).to_contain_text("home-in-kingston: yes, then no")
    expect(page.get_by_text("somebody else has to publish it")).to_be_visible()
    check_page(page, "directory-tried")
    page.get_by_role("button", name="Give it up").click()
    expect(page.get_by_role("status")).to_contain_text("The draft was given up")

    upload(page, tmp_path, "verified_on: null", "verified_on: 2026-11-18")
    run_over_past_facts(page, view)
    draft = page.url
    sign_in(page, system, "Test Publisher")
    page.goto(draft)
    page.get_by_role("link", name="Publish it").click()
    expect(page.get_by_role("main")).to_contain_text("Every service goes by it within seconds")
    check_page(page, "directory-publish")
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_role("status")).to_contain_text("It is published")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Families Apart"))
    expect(row).to_contain_text("18 November 2026")
    expect(row).to_contain_text("Test Uploader")
    expect(row).to_contain_text("published by Test Publisher")
    # A service that was busy when it was told hears again within seconds.
    live = page.get_by_text("Live", exact=True)
    wait_until(lambda: live.count() == 4 or (page.reload() and live.count() == 4), "all services to go by it")
    check_page(page, "directory-published")

    page.get_by_role("link", name="Go one step back").click()
    check_page(page, "directory-back")
    page.get_by_role("button", name="Go back to it").click()
    expect(page.get_by_role("status")).to_contain_text("The version before is live again")
    expect(row).to_contain_text("Nobody has")


def test_who_may_only_look_sees_what_is_live_and_changes_nothing(page: Page, system: System) -> None:
    url = sign_in(page, system, "Test Auditor", "auditor")
    page.goto(url + "/directory")
    expect(page.get_by_role("heading", level=1)).to_have_text("The agency directory")
    expect(page.locator("main form")).to_have_count(0)
    expect(page.get_by_role("link", name="Go one step back")).to_have_count(0)
    answer = page.goto(url + "/directory/back")
    assert answer
    assert answer.status == 403
