"""Operations' console: is anything wrong, what failed and why, putting it right; and what those see who may only look."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from services.catalogue import runtime_of
from shared.messaging.runtime import Runtime
from tests.support.browser import LAPTOP, LAPTOP_PLAIN, PHONE, PHONE_PLAIN, View, views
from tests.support.browser_checks import check_page
from tests.support.families import family
from tests.support.parking import PLACE, park, withdrawal
from tests.support.people import signed_in
from tests.support.system import System, default_system, wait_until

PARKED_READ = "shared.contracts.envelope:read"
EACH = views(PHONE, LAPTOP_PLAIN)
FIRST = views(PHONE, LAPTOP, PHONE_PLAIN, LAPTOP_PLAIN)
"""For the page that everybody sees first, and that renews itself."""
WIDE = views(LAPTOP, LAPTOP_PLAIN)


@pytest.fixture(scope="module")
def own(places: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of this module's own: nothing is wrong with it but what these tests do to it."""
    mail = {"WAYPOST_AGENCY_MAIL_FAMILIES_APART": "families-apart@example.org"}
    with default_system(tmp_path_factory.mktemp("console"), places, **mail) as running:
        yield running


@pytest.fixture
def routing(own: System) -> Iterator[Runtime]:
    """The routing service's store, left without anything parked."""
    runtime = runtime_of("routing", own.settings)
    yield runtime
    with runtime.store.writing() as transaction:
        transaction.execute(runtime.metadata.tables["failures"].delete())
    runtime.store.database.close()


def sign_in(page: Page, system: System, role: str = "operations") -> str:
    """The console's address, where somebody is signed in from now on."""
    cookies = signed_in(system, "operations", "operations", role, "Test Operator")
    page.context.add_cookies([{"name": n, "value": v, "url": system.operations_url} for n, v in cookies.items()])
    return system.operations_url


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def click(page: Page, name: str, role: str = "button") -> None:
    page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]


def refreshed(page: Page, link: str) -> Page:
    """The page, asked for again as people without JavaScript do."""
    click(page, link, "link")
    return page


def wait_for_all_well(page: Page) -> None:
    """A service that did not answer within two seconds is a concern too, until it is asked again."""
    wait_until(lambda: page.reload() and page.get_by_role("status").inner_text().strip() == "All is well.", "all well")


def some(routing: Runtime, count: int, error: str = "ValueError", place: str = PLACE) -> list[str]:
    """So many messages parked an hour ago, a minute apart."""
    hour_ago = routing.resources.clock.now() - timedelta(hours=1)
    moments = (hour_ago - timedelta(minutes=each) for each in range(count))
    return [park(routing, withdrawal(), error, place, at) for at in moments]


@FIRST
def test_the_overview_says_in_one_look_that_all_is_well(page: Page, own: System) -> None:
    url = sign_in(page, own)
    page.goto(url)

    wait_for_all_well(page)
    expect(page.locator("#agencies")).to_be_visible()
    expect(page.get_by_role("row")).to_contain_text(["Service", "Referrals", "Eligibility", "Routing", "Notifications"])
    check_page(page, "console-well")


@FIRST
def test_what_is_wrong_is_named_with_what_it_means_for_families_and_leads_to_where_it_is_put_right(
    page: Page, own: System, routing: Runtime, view: View
) -> None:
    page.goto(sign_in(page, own))
    wait_for_all_well(page)
    some(routing, 3)

    if view.scripts:
        expect(page.get_by_text("This page renews itself")).to_be_visible()
    else:
        wait_until(lambda: refreshed(page, "Refresh the overview").locator(".concern").count(), "the concern")
    expect(page.get_by_role("status")).to_have_text("Something needs a look.", timeout=20_000)

    concern = page.locator(".concern").filter(has_text="3 messages failed for good at Routing")
    expect(concern).to_contain_text("The family it is about stands still until somebody decides.")
    check_page(page, "console-parked")
    concern.get_by_role("link", name="See what failed").click()
    heading(page, "Parked messages")


@EACH
def test_parked_messages_are_grouped_and_opened(page: Page, own: System, routing: Runtime) -> None:
    some(routing, 2)
    some(routing, 1, error="OperationalError", place="services.routing.handlers:assessed:77")
    url = sign_in(page, own)
    page.goto(url + "/parked")

    expect(page.locator("tbody tr")).to_contain_text(["ValueError", "OperationalError"])
    check_page(page, "console-groups")
    click(page, "ValueError", "link")
    heading(page, "ValueError at Routing")
    expect(page.locator("tbody tr")).to_have_count(2)
    check_page(page, "console-messages")
    page.locator("tbody a").first.click()
    heading(page, "ValueError")
    expect(page.locator("pre")).to_contain_text('"reason": "family-changed-mind"')
    check_page(page, "console-message")


@EACH
def test_a_group_is_tried_again_at_a_pace_and_progress_is_seen(
    page: Page, own: System, routing: Runtime, view: View
) -> None:
    some(routing, 12)
    page.goto(sign_in(page, own) + "/parked?service=routing")
    click(page, "ValueError", "link")
    click(page, "Try all 12 again", "link")
    heading(page, "Try 12 messages again?")
    page.get_by_label("How many a second?").fill("many")
    click(page, "Try all of them again")
    expect(page.get_by_role("alert")).to_contain_text("Enter a whole number from 1 to 1,000")
    check_page(page, "console-many-wrong")

    page.get_by_label("How many a second?").fill("4")
    click(page, "Try all of them again")
    heading(page, "Trying many again")
    expect(page.get_by_role("button", name="Stop after this")).to_be_visible()
    check_page(page, "console-job")
    if not view.scripts:
        wait_until(
            lambda: refreshed(page, "Refresh how far it has come").get_by_text("Done: 12 of 12").count(),
            "the end of it",
        )
    expect(page.get_by_role("status")).to_have_text("Done: 12 of 12 messages.", timeout=20_000)
    expect(page.locator("dd").first).to_have_text("12")
    expect(page.get_by_role("button", name="Stop after this")).to_have_count(0)


@WIDE
def test_a_retry_is_stopped(page: Page, own: System, routing: Runtime) -> None:
    some(routing, 30)
    page.goto(sign_in(page, own) + "/parked/routing/many?error=ValueError")
    page.get_by_label("How many a second?").fill("1")
    click(page, "Try all of them again")
    click(page, "Stop after this")
    expect(page.get_by_role("status")).to_contain_text("Stopped:")


@EACH
def test_chosen_messages_are_given_up_for_a_reason(page: Page, own: System, routing: Runtime) -> None:
    some(routing, 3)
    page.goto(sign_in(page, own) + "/parked/routing")
    click(page, "Give the chosen up")
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one message")
    page.get_by_role("checkbox").nth(1).check()
    click(page, "Give the chosen up")
    heading(page, "Give 1 message up?")
    check_page(page, "console-discard")
    click(page, "Give it up")
    expect(page.get_by_role("alert")).to_contain_text("Say why, in a few words")
    check_page(page, "console-discard-wrong")
    page.get_by_label("Why may they be given up?").fill("sent by a test")
    click(page, "Give it up")
    expect(page.get_by_role("status")).to_contain_text("1 message was given up")
    expect(page.locator("tbody tr")).to_have_count(2)
    check_page(page, "console-discarded")


@WIDE
def test_one_and_some_are_tried_again(page: Page, own: System, routing: Runtime) -> None:
    some(routing, 3)
    page.goto(sign_in(page, own) + "/parked/routing")
    for number in (0, 1):
        page.get_by_role("checkbox").nth(number).check()
    click(page, "Try the chosen again")
    expect(page.get_by_role("status")).to_contain_text("2 messages were handed over to be tried again")
    page.locator("tbody a").first.click()
    click(page, "Try again")
    expect(page.get_by_role("status")).to_contain_text("1 message was handed over to be tried again")
    expect(page.get_by_text("There is nothing here any more.")).to_be_visible()


@EACH
def test_a_message_is_mended_beside_what_happened_to_its_referral(page: Page, own: System, routing: Runtime) -> None:
    key = own.key("referrals", "Test School")
    headers = {"Authorization": f"Bearer {key}"}
    answer = requests.post(f"{own.referrals_url}/v1/referrals", json=family(), headers=headers, timeout=20)
    referral = answer.json()
    broken = withdrawal(referral["id"], reason="Test Child")
    event_id = park(routing, broken, error="data-breaks-contract", place=PARKED_READ, attempts=1)
    page.goto(sign_in(page, own) + f"/parked/routing/messages/{event_id}")

    expect(page.get_by_text(referral["reference"])).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Received")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('"reason": "•••"')
    assert "Test Child" not in page.content()
    check_page(page, "console-broken")

    click(page, "Mend it", "link")
    click(page, "Keep it, and try it again")
    expect(page.get_by_role("alert")).to_contain_text("/data/reason")
    check_page(page, "console-mend-wrong")
    box = page.get_by_label("The message, as JSON")
    box.fill(box.input_value().replace("•••", "other"))
    click(page, "Keep it, and try it again")
    expect(page.get_by_role("status")).to_contain_text("The message was mended")
    expect(page.get_by_text("Version 2: mended")).to_be_visible()


@WIDE
def test_an_auditor_sees_and_cannot_act(page: Page, own: System, routing: Runtime) -> None:
    (event_id,) = some(routing, 1, error="data-breaks-contract")
    url = sign_in(page, own, "auditor")
    for path in ("/", "/parked", "/parked/routing", f"/parked/routing/messages/{event_id}", "/audit", "/owed"):
        page.goto(url + path)
        expect(page.locator("main form[method=post]")).to_have_count(0)
        for name in ("Try again", "Mend it", "Give it up", "Try the chosen again", "Try all 1 again"):
            expect(page.get_by_text(name, exact=True)).to_have_count(0)
    token = page.locator("input[name=csrf]").first.get_attribute("value") or ""
    refused = page.request.post(
        f"{url}/parked/routing", form={"csrf": token, "/ids": event_id, "action": "retry"}, max_redirects=0
    )
    assert refused.status == 403
    answer = page.goto(f"{url}/parked/routing/many")
    assert answer
    assert answer.status == 403


@EACH
def test_what_people_did_and_what_is_owed_is_seen(page: Page, own: System, routing: Runtime) -> None:
    some(routing, 1)
    url = sign_in(page, own)
    page.goto(url + "/parked/routing")
    page.get_by_role("checkbox").first.check()
    click(page, "Try the chosen again")
    page.goto(url + "/audit?service=routing")
    expect(page.locator("tbody tr").first).to_contain_text("Tried a parked message again")
    check_page(page, "console-audit")
    page.goto(url + "/owed")
    expect(page.get_by_text("Nothing is late.")).to_be_visible()
    check_page(page, "console-owed")
    page.goto(url + "/undelivered")
    expect(page.get_by_text("Every message was delivered, or is on its way.")).to_be_visible()
    check_page(page, "console-undelivered")
