"""A referral that no rule can decide: seen with its receipt, decided with a reason; and those who may look alone."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.browser import LAPTOP_PLAIN, PHONE, views
from tests.support.browser_checks import check_page
from tests.support.families import HALTON, child, family
from tests.support.people import signed_in
from tests.support.system import System, wait_until

EACH = views(PHONE, LAPTOP_PLAIN)
Json = dict[str, Any]


def sign_in(page: Page, system: System, role: str = "operations") -> str:
    """The console's address, where somebody is signed in from now on."""
    cookies = signed_in(system, "operations", "operations", role, "Test Operator")
    page.context.add_cookies([{"name": n, "value": v, "url": system.operations_url} for n, v in cookies.items()])
    return system.operations_url


def to_review(refer: Callable[[Json], Json]) -> Json:
    """A family in Halton: the agency's own rules want a person."""
    place = {"postcode": HALTON}
    return refer(family(home=HALTON, children=[child(age, school=place, gp=place) for age in (9, 8)]))


def open_review(page: Page, url: str, referral: Json) -> None:
    """Looks at the list until it is there, and opens it."""
    link = page.get_by_role("link", name=referral["reference"])
    wait_until(lambda: page.goto(f"{url}/reviews") and link.count(), "the referral among the reviews")
    check_page(page, "reviews")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Referral {referral['reference']}")


@EACH
def test_a_person_decides_with_the_receipt_beside_it_and_a_reason(
    page: Page, system: System, refer: Callable[[Json], Json]
) -> None:
    referral = to_review(refer)
    url = sign_in(page, system)
    open_review(page, url, referral)
    expect(page.get_by_role("heading", name="The rules want a person")).to_be_visible()
    receipt = page.locator("details", has_text="Time Matters")
    expect(receipt).to_contain_text("A person must look")
    expect(receipt).to_contain_text("E06000006")
    check_page(page, "review")

    page.get_by_role("button", name="See what will happen").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose what should happen")
    check_page(page, "review-nothing-chosen")
    page.get_by_label("Send it to Time Matters").check()
    page.get_by_role("button", name="See what will happen").click()
    expect(page.get_by_role("main")).to_contain_text("is asked at once")
    check_page(page, "review-outlook")
    page.get_by_role("button", name="Send it to Time Matters").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why, in a few words")
    page.get_by_label("Why?").fill("the agency said yes on the telephone")
    page.get_by_role("button", name="Send it to Time Matters").click()

    expect(page.get_by_role("status")).to_contain_text("It was sent on: Time Matters")
    expect(page.get_by_role("main")).to_contain_text("“the agency said yes on the telephone”")
    expect(page.get_by_role("main")).to_contain_text("Test Operator")
    expect(page.get_by_role("button", name="See what will happen")).to_have_count(0)
    check_page(page, "review-decided")


def test_who_may_only_look_sees_it_and_decides_nothing(
    page: Page, system: System, refer: Callable[[Json], Json]
) -> None:
    referral = to_review(refer)
    url = sign_in(page, system, "auditor")
    open_review(page, url, referral)
    expect(page.get_by_text("You may look, and not decide.")).to_be_visible()
    expect(page.locator("main form")).to_have_count(0)
    answer = page.goto(f"{page.url}/decide?/decision=not-eligible")
    assert answer
    assert answer.status == 403
