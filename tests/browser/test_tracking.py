"""The page behind a tracking address: whoever has it reads what happened and what happens next, and about nobody."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.browser import every_view
from tests.support.browser_checks import check_page
from tests.support.callers import wait_for_mail
from tests.support.families import family
from tests.support.system import System, wait_until

Refer = Callable[[dict[str, Any]], dict[str, Any]]


@every_view
def test_a_referrer_follows_the_link_in_an_e_mail_and_reads_what_happened(
    page: Page, system: System, refer: Refer
) -> None:
    referral = refer(family())
    wait_for_mail(system, "referrer@example.org", saying=referral["tracking_url"])
    page.goto(referral["tracking_url"])

    wait_until(lambda: page.reload() and page.get_by_text("was passed on").count(), "the referral to be passed on")

    expect(page.get_by_role("heading", level=1)).to_contain_text(referral["reference"])
    expect(page.get_by_role("listitem")).to_contain_text(["We received your referral.", "Your referral was passed on."])
    check_page(page, "track")


@every_view
def test_an_address_that_was_not_copied_whole_says_so(page: Page, refer: Refer) -> None:
    half = refer(family())["tracking_url"][:-5]

    answer = page.goto(half)

    assert answer
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing at this address")
    check_page(page, "track-unknown")
