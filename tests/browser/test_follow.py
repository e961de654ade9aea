"""A family and whoever referred it follow a referral with a code: they see, give, change, say and stop, and leave quickly."""

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from tests.support.browser import LAPTOP, LAPTOP_PLAIN, PHONE, PHONE_PLAIN, ZOOMED, views, watch_of
from tests.support.browser_checks import check_page
from tests.support.browser_keyboard import press, tab_to
from tests.support.callers import wait_for_mail
from tests.support.families import child, family
from tests.support.system import System, wait_until

Json = dict[str, Any]
Refer = Callable[[Json], Json]
REVEALING = re.compile(r"prison|sentence|release|kingston|merseyside|families apart|time matters|Test ", re.IGNORECASE)
_numbers = count(1)


class Somebody:
    """A referral of a family that has a safe e-mail of its own, and its referrer, who has another."""

    def __init__(self, page: Page, system: System, refer: Refer, **about: Any) -> None:
        self.page, self.system, self.url = page, system, system.referrals_url
        number = next(_numbers)
        self.family, self.referrer = f"parent-{number}@example.org", f"teacher-{number}@example.org"
        contact = {
            "name": "Test Parent",
            "relationship": "mother",
            "email": self.family,
            "telephone": "01632 960001",
            "safe_contact": {"email": {"safe": True}, "telephone": {"safe": False}},
        }
        body = family(family_contact=contact, **about)
        body["referrer"] = body["referrer"] | {"email": self.referrer}
        self.made = refer(body)
        self.reference = self.made["reference"]

    def ask(self, reference: str | None = None, who: str = "It is about me or my family") -> None:
        self.page.goto(f"{self.url}/follow")
        self.page.get_by_label("Reference").fill(reference or self.reference)
        self.page.get_by_label(who).check()
        self.page.get_by_role("button", name="Send me a code").click()

    def code(self, address: str | None = None) -> str:
        mail = wait_for_mail(self.system, address or self.family, "Your code")
        assert self.reference in mail.subject
        (code,) = re.findall(r"^\d{6}$", mail.text, re.MULTILINE)
        return str(code)

    def enter(self, code: str) -> None:
        self.page.get_by_label("Code", exact=True).fill(code)
        self.page.get_by_role("button", name="Continue").click()

    def come_in(self) -> None:
        """To the family's own page, by the code."""
        self.ask()
        self.enter(self.code())
        expect(self.page.get_by_role("heading", level=1)).to_have_text(f"Follow-up {self.reference}")

    def wait_for(self, words: str) -> None:
        self.page.goto(f"{self.url}/follow/now")
        wait_until(lambda: self.page.reload() and self.page.get_by_text(words).count(), words)

    def change(self, service: str, statement: str, **values: Any) -> None:
        """What time would have done."""
        engine = create_engine(self.system.settings.database_url(service))
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    def pass_the_first_contact(self) -> None:
        """The day by which somebody should have been in touch is long over."""
        self.change(
            "referrals",
            "UPDATE timeline SET detail = json_set(detail, '$.contact_by', '2026-01-05') "
            "WHERE referral_id = :id AND type = 'routed'",
            id=self.made["id"],
        )
        self.change("routing", "UPDATE tasks SET contact_by = '2026-01-05' WHERE referral_id = :id", id=self.made["id"])


@pytest.fixture
def somebody(page: Page, system: System, refer: Refer) -> Callable[..., Somebody]:
    return lambda **about: Somebody(page, system, refer, **about)


Make = Callable[..., Somebody]


@views(LAPTOP, PHONE_PLAIN, ZOOMED)
def test_a_family_comes_in_by_its_code_and_sees_where_things_stand(page: Page, somebody: Make) -> None:
    here = somebody()
    page.goto(f"{here.url}/follow")
    check_page(page, "follow")

    here.ask()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    check_page(page, "follow-code")
    here.enter(here.code())
    here.wait_for("Families Apart should answer by")

    expect(page.get_by_role("definition").filter(has_text="Has been asked")).to_be_visible()
    expect(page.get_by_text("p…@example.org: safe")).to_be_visible()
    expect(page.get_by_text("01632 960001")).to_have_count(0)
    assert not REVEALING.search(page.title() + page.url)
    check_page(page, "follow-now")


@views(PHONE, LAPTOP_PLAIN, ZOOMED)
def test_every_page_behind_the_code_holds(page: Page, somebody: Make) -> None:
    here = somebody()
    here.come_in()
    here.wait_for("Families Apart should answer by")
    here.pass_the_first_contact()
    page.reload()
    check_page(page, "follow-now-late")
    for path, name in (
        ("contact", "Save"),
        ("details?all=yes", "Save"),
        ("agreement", "I agree"),
        ("agreement/end", "Take agreement back"),
        ("stop", "Stop it"),
        ("waiting", "Tell them that nobody has been in touch"),
    ):
        page.goto(f"{here.url}/follow/{path}")
        expect(page.get_by_role("button", name=name)).to_be_visible()
        assert not REVEALING.search(page.title() + page.url)
        expect(page.get_by_role("link", name="Leave this page quickly")).to_be_visible()
        check_page(page, "follow-" + re.sub(r"\W+", "-", path))


@views(PHONE, LAPTOP_PLAIN)
def test_forms_that_say_too_little_are_shown_again_with_what_is_missing(page: Page, somebody: Make) -> None:
    here = somebody()
    page.goto(f"{here.url}/follow")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("alert")).to_contain_text(["Enter the reference"])
    check_page(page, "follow-error")
    here.ask("7KX-3FM-9QQ")
    expect(page.get_by_role("alert")).to_contain_text(["Check the reference"])

    here.come_in()
    here.wait_for("Families Apart should answer by")
    for path, button, error in (
        ("details?all=yes", "Save", "Give at least one thing that is new."),
        ("agreement/end", "Take agreement back", "Say who takes the agreement back"),
        ("stop", "Stop it", "Choose a reason"),
        ("agreement", "I agree", "Say who agrees"),
    ):
        page.goto(f"{here.url}/follow/{path}")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_contain_text([error])
        check_page(page, f"follow-{path.partition('?')[0].replace('/', '-')}-error")
    page.goto(f"{here.url}/follow/contact")
    page.get_by_role("group", name="Is it safe to write to this address?").get_by_label("No").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(["Give one way that is safe"])
    check_page(page, "follow-contact-error")


@views(LAPTOP, PHONE_PLAIN)
def test_a_wrong_code_is_refused_and_the_right_one_goes_on_working(page: Page, somebody: Make) -> None:
    here = somebody()
    here.ask()
    code = here.code()
    here.enter("12345x")
    expect(page.get_by_role("alert")).to_contain_text(["This code is wrong, too old, or was used."])
    expect(page.get_by_label("Code", exact=True)).to_have_value("")
    check_page(page, "follow-code-wrong")

    here.enter(code)

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Follow-up {here.reference}")


def test_an_old_code_is_refused_in_the_same_words(page: Page, somebody: Make) -> None:
    here = somebody()
    here.ask()
    code = here.code()
    here.change(
        "referrals",
        "UPDATE access_codes SET asked_at = '2026-01-01 00:00:00.000000' WHERE referral_id = :id",
        id=here.made["id"],
    )
    here.enter(code)
    expect(page.get_by_role("alert")).to_contain_text(["This code is wrong, too old, or was used."])


def test_a_reference_that_is_nobodys_is_answered_like_any_other(page: Page, somebody: Make) -> None:
    here = somebody()
    here.ask()
    known = page.get_by_role("main").inner_text()
    here.ask("7KX-3FM-9QF")
    assert page.get_by_role("main").inner_text() == known
    here.enter("123456")
    expect(page.get_by_role("alert")).to_contain_text(["This code is wrong, too old, or was used."])


def test_nobody_comes_in_without_a_code(page: Page, somebody: Make) -> None:
    here = somebody()
    for path in ("now", "contact", "details", "agreement", "agreement/end", "stop", "waiting", "code"):
        page.goto(f"{here.url}/follow/{path}")
        expect(page).to_have_url(f"{here.url}/follow")


@views(PHONE, LAPTOP_PLAIN)
def test_a_family_changes_how_it_is_reached(page: Page, somebody: Make) -> None:
    here = somebody()
    here.come_in()
    page.get_by_role("link", name="Change safe contact", exact=True).click()
    page.get_by_label("Telephone number").fill("07700 900123")
    page.get_by_role("group", name="Is it safe to ring this number?").get_by_label("Yes").check()
    page.get_by_role("group", name="If it is safe, may we also").first.get_by_label("Send texts").check()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("From now on only the new way is used")
    expect(page.get_by_text("Telephone …123: safe, send texts")).to_be_visible()
    check_page(page, "follow-now-contact-changed")
    wait_for_mail(here.system, "families-apart@example.org", "how to get in touch safely has changed")


@views(LAPTOP, PHONE_PLAIN)
def test_a_family_gives_the_details_that_were_asked_for(page: Page, somebody: Make) -> None:
    here = somebody(home="TW10 6AA", children=[child(school=None)])
    here.come_in()
    here.wait_for("We need some details")
    check_page(page, "follow-now-wanted")
    page.get_by_role("link", name="Give the details").click()
    check_page(page, "follow-details-wanted")
    page.get_by_label("Postcode of the school").fill("XX1 1XX")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(["Check the postcode of the school"])
    check_page(page, "follow-details-wrong-postcode")
    page.get_by_label("Postcode of the school").fill("KT1 1AA")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("The details were added.")
    here.wait_for("Families Apart should answer by")


@views(LAPTOP, PHONE_PLAIN)
def test_a_family_agrees_and_takes_it_back(page: Page, somebody: Make) -> None:
    here = somebody(consent=None)
    here.come_in()
    check_page(page, "follow-now-agreement")
    page.get_by_role("link", name="Give agreement").click()
    page.get_by_label("Families Apart", exact=True).check()
    page.get_by_label("A parent or carer").check()
    page.get_by_label("Name of who agrees").fill("Test Parent")
    page.get_by_label("They agree", exact=True).check()
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("status")).to_contain_text("The agreement was recorded.")
    here.wait_for("Families Apart should answer by")

    page.get_by_role("link", name="Take agreement back").click()
    page.get_by_label("A parent or carer").check()
    page.get_by_role("button", name="Take agreement back").click()

    expect(page.get_by_role("status")).to_contain_text("Nothing more is shared.")
    here.wait_for("Was told to stop")


@views(LAPTOP, PHONE_PLAIN)
def test_a_family_says_that_nobody_has_been_in_touch_and_somebody_hears_it(page: Page, somebody: Make) -> None:
    here = somebody()
    here.come_in()
    here.wait_for("Families Apart should answer by")
    expect(page.get_by_role("link", name="Nobody has been in touch")).to_have_count(0)
    here.pass_the_first_contact()
    page.reload()
    page.get_by_role("link", name="Nobody has been in touch").click()
    page.get_by_role("button", name="Tell them that nobody has been in touch").click()

    expect(page.get_by_role("status")).to_contain_text("a person looks into it")
    expect(page.get_by_role("link", name="Nobody has been in touch")).to_have_count(0)
    mail = wait_for_mail(here.system, "families-apart@example.org", "nobody has been in touch yet")
    assert not REVEALING.search(mail.subject + mail.text)


@views(PHONE, LAPTOP_PLAIN)
def test_a_family_stops_it_and_a_second_tab_is_told_how_it_stands(page: Page, somebody: Make) -> None:
    here = somebody()
    here.come_in()
    second = page.context.new_page()
    second.goto(f"{here.url}/follow/stop")
    page.goto(f"{here.url}/follow/stop")
    page.get_by_label("We do not want this").check()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("status")).to_contain_text("It was stopped.")
    check_page(page, "follow-now-stopped")

    second.get_by_label("We no longer need it").check()
    second.get_by_role("button", name="Stop it").click()

    expect(second.get_by_role("status")).to_contain_text("This cannot be done any more")


@views(LAPTOP, PHONE_PLAIN)
def test_whoever_referred_comes_in_from_the_link_and_records_agreement(page: Page, somebody: Make) -> None:
    here = somebody(consent=None)
    page.goto(here.made["tracking_url"])
    assert not REVEALING.search(page.get_by_role("main").inner_text())
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("alert")).to_contain_text(["Say who you are"])
    check_page(page, "track-error")
    page.get_by_label("I made the referral").check()
    page.get_by_role("button", name="Send me a code").click()
    here.enter(here.code(here.referrer))
    expect(page.get_by_text("the family agrees").first).to_be_visible()
    page.goto(f"{here.url}/follow/agreement")
    check_page(page, "follow-agreement-referrer")

    page.get_by_label("Families Apart", exact=True).check()
    page.get_by_label("A parent or carer").check()
    page.get_by_label("Name of who agrees").fill("Test Parent")
    page.get_by_label("They said so").check()
    for part, value in (("Day", "31"), ("Month", "2"), ("Year", "2026")):
        page.get_by_label(part).fill(value)
    page.get_by_label("They have not been asked").check()
    page.get_by_role("button", name="Record the agreement").click()
    expect(page.get_by_role("alert")).to_contain_text(["Enter a real date, like 20 11 2026"])
    page.get_by_label("Month").fill("1")
    page.get_by_role("button", name="Record the agreement").click()

    expect(page.get_by_role("status")).to_contain_text("The agreement was recorded.")


def test_pages_are_left_quickly_and_for_good(page: Page, somebody: Make) -> None:
    here = somebody()
    here.come_in()
    quick = page.get_by_role("link", name="Leave this page quickly")
    assert REVEALING.search(str(quick.get_attribute("href"))) is None
    page.route(re.compile("^https://"), lambda route: route.fulfill(content_type="text/html", body="<h1>Weather</h1>"))
    for _ in range(3):
        press(page, "Escape")
    expect(page.get_by_role("heading")).to_have_text("Weather")
    assert watch_of(page).faults() == [f"went to another host: {page.url}"]
    # What was replaced is not what going back shows.
    page.go_back()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(f"Follow-up {here.reference}")

    page.goto(f"{here.url}/follow/now")
    page.get_by_role("button", name="Close these pages").click()
    expect(page.get_by_role("status")).to_contain_text("These pages are closed on this device.")
    page.goto(f"{here.url}/follow/now")
    expect(page).to_have_url(f"{here.url}/follow")


def test_a_page_that_was_left_open_too_long_is_closed_kindly(page: Page, somebody: Make) -> None:
    here = somebody()
    here.come_in()
    here.change(
        "referrals",
        "UPDATE passes SET seen_at = '2026-01-01 00:00:00.000000' WHERE referral_id = :id",
        id=here.made["id"],
    )
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("open for half an hour")
    check_page(page, "follow-idle")


def test_all_is_reached_by_keyboard(page: Page, somebody: Make) -> None:
    here = somebody()
    page.goto(f"{here.url}/follow")
    tab_to(page, "textbox", "Reference")
    page.keyboard.type(here.reference)
    tab_to(page, "radio", "It is about me or my family")
    press(page, "Space")
    tab_to(page, "button", "Send me a code")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    tab_to(page, "textbox", "Code")
    page.keyboard.type(here.code())
    press(page, "Enter")
    tab_to(page, "link", "Stop it altogether")
    press(page, "Enter")
    tab_to(page, "radio", "We no longer need it")
    tab_to(page, "button", "Stop it")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_contain_text("It was stopped.")
