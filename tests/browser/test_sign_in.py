"""Joining by invitation, signing in and out, one's account, an organisation's people: in all views, and by keyboard alone."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
from playwright.sync_api import Page, expect

from shared.ids import new_id
from tests.support.browser import LAPTOP, LAPTOP_PLAIN, PHONE, PHONE_PLAIN, each_way, every_view, views
from tests.support.browser_checks import check_page
from tests.support.browser_keyboard import press, tab_to
from tests.support.people import signed_in
from tests.support.system import System

AGENCY, PHRASE = "families-apart", "violet kettle morning"


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def click(page: Page, name: str, role: str = "button") -> None:
    page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]


def as_manager(page: Page, system: System, service: str = "routing", owner: str = AGENCY, role: str = "") -> str:
    """The address of the service's pages, where a manager is signed in from now on."""
    url = system.routing_url if service == "routing" else system.operations_url
    cookies = signed_in(system, service, owner, role or "agency-manager", "Test Manager")
    page.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return url


def invited(system: System, email: str) -> str:
    """The address of an invitation, from the command line."""
    words = ("people", "invite", email, "--agency", AGENCY)
    return system.waypost(*words).split()[0]


def worker() -> str:
    return f"worker-{new_id()[-12:]}@example.org"


class Telephone:
    """An authenticator that was set up from the page, and shows each code once."""

    def __init__(self, page: Page) -> None:
        shown = page.locator("#secret").text_content() or ""
        self._totp = pyotp.TOTP(re.sub(r"\s", "", shown))
        self._ahead = timedelta()

    def code(self) -> str:
        """The next one may be half a minute early, as on a telephone whose clock is."""
        shown = self._totp.at(datetime.now(UTC) + self._ahead)
        self._ahead += timedelta(seconds=30)
        return shown


def joins(page: Page, address: str) -> Telephone:
    """Makes an account; the recovery codes are on the page then."""
    page.goto(address)
    page.get_by_label("Your name").fill("Test Worker")
    page.get_by_label("A new pass phrase").fill(PHRASE)
    click(page, "Continue")
    telephone = Telephone(page)
    page.get_by_label("The six digits").fill(telephone.code())
    click(page, "Make my account")
    heading(page, "Keep your recovery codes")
    return telephone


@every_view
def test_somebody_joins_and_signs_in_again(page: Page, system: System) -> None:
    email = worker()
    page.goto(invited(system, email))
    heading(page, "Make your account")
    expect(page.get_by_text("You are invited to work here for Families Apart")).to_be_visible()
    check_page(page, "invitation")
    page.get_by_label("Your name").fill("Test Worker")
    page.get_by_label("A new pass phrase").fill(PHRASE)
    click(page, "Continue")
    heading(page, "Set up your authenticator")
    telephone = Telephone(page)
    check_page(page, "invitation-authenticator")
    page.get_by_label("The six digits").fill(telephone.code())
    click(page, "Make my account")
    heading(page, "Keep your recovery codes")
    expect(page.locator(".codes li")).to_have_count(10)
    check_page(page, "recovery-codes")
    click(page, "I have kept them", "link")

    click(page, "My account", "link")
    heading(page, "My account")
    check_page(page, "account")
    click(page, "Sign out")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    check_page(page, "sign-in")

    page.goto(f"{system.routing_url}/account")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Pass phrase").fill(PHRASE)
    click(page, "Continue")
    heading(page, "What does your authenticator show?")
    check_page(page, "sign-in-code")
    page.get_by_label("What does your authenticator show?").fill(telephone.code())
    click(page, "Sign in")
    heading(page, "My account")


@each_way
def test_a_manager_invites_changes_and_ends(page: Page, system: System) -> None:
    url, email = as_manager(page, system), worker()
    page.goto(f"{url}/people")
    heading(page, "People at Families Apart")
    click(page, "Invite somebody", "link")
    check_page(page, "people-invite")
    page.get_by_label("Their e-mail address at work").fill(email)
    page.get_by_label("Worker").check()
    click(page, "Make the invitation")
    heading(page, "Pass this address on")
    expect(page.locator("#address")).to_contain_text("/invitations/")
    click(page, "Back to people", "link")
    expect(page.get_by_role("listitem").filter(has_text=email)).to_be_visible()
    check_page(page, "people")
    page.get_by_role("button", name=f"Withdraw the invitation to {email}").click()
    expect(page.get_by_text("The invitation is withdrawn")).to_be_visible()

    name = f"Test Leaver {new_id()[-6:]}"
    signed_in(system, "routing", AGENCY, "agency-worker", name)
    page.goto(f"{url}/people")
    click(page, name, "link")
    heading(page, name)
    page.get_by_label("Manager").check()
    check_page(page, "people-person")
    click(page, "Change the role")
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("Manager")
    click(page, name, "link")
    click(page, "End this account", "link")
    check_page(page, "people-end")
    click(page, "End the account")
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("Ended")


@views(PHONE, LAPTOP_PLAIN)
def test_what_is_wrong_is_said_where_it_is(page: Page, system: System) -> None:
    email = worker()
    address = invited(system, email)
    page.goto(address)
    page.get_by_label("A new pass phrase").fill("password password")
    click(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("Enter your name")
    expect(page.get_by_role("alert")).to_contain_text("one of the first that anybody would try")
    check_page(page, "invitation-error")
    page.get_by_label("Your name").fill("Test Worker")
    page.get_by_label("A new pass phrase").fill(PHRASE)
    click(page, "Continue")
    page.get_by_label("The six digits").fill("000000")
    click(page, "Make my account")
    expect(page.get_by_role("alert")).to_contain_text("not what the authenticator shows")
    check_page(page, "invitation-authenticator-error")

    page.goto(f"{system.routing_url}/sign-in")
    click(page, "Continue")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    check_page(page, "sign-in-empty")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Pass phrase").fill("another phrase altogether")
    click(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("Sign-in did not work")
    expect(page.get_by_label("E-mail address")).to_have_value(email)
    expect(page.get_by_label("Pass phrase")).to_have_value("")
    check_page(page, "sign-in-refused")

    page.goto(f"{system.routing_url}/invitations/made-up")
    heading(page, "This invitation cannot be used")
    check_page(page, "invitation-unknown")
    page.goto(f"{as_manager(page, system)}/people/invite")
    click(page, "Make the invitation")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    check_page(page, "people-invite-error")


@views(LAPTOP, PHONE_PLAIN)
def test_what_lets_somebody_in_is_changed(page: Page, system: System) -> None:
    email = worker()
    joins(page, invited(system, email))
    code = page.locator(".codes li").first.inner_text()
    page.goto(f"{system.routing_url}/account")
    click(page, "Change pass phrase", "link")
    check_page(page, "account-pass-phrase")
    page.get_by_label("The pass phrase that you have now").fill(PHRASE)
    page.get_by_label("A new pass phrase").fill("copper ladder evening")
    click(page, "Change it")
    expect(page.get_by_text("Your pass phrase is changed")).to_be_visible()
    click(page, "Change authenticator", "link")
    check_page(page, "account-confirm")
    page.get_by_label("Your pass phrase").fill("copper ladder evening")
    click(page, "Continue")
    heading(page, "Set up a new authenticator")
    telephone = Telephone(page)
    check_page(page, "account-authenticator")
    page.get_by_label("The six digits").fill(telephone.code())
    click(page, "Use this authenticator")
    expect(page.get_by_text("Your new authenticator counts from now on")).to_be_visible()
    click(page, "Sign out everywhere")

    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Pass phrase").fill("copper ladder evening")
    click(page, "Continue")
    click(page, "Use a recovery code instead", "link")
    check_page(page, "sign-in-recovery")
    page.get_by_label("One of your recovery codes").fill("no such code")
    click(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("Each code works once")
    check_page(page, "sign-in-recovery-error")
    page.get_by_label("One of your recovery codes").fill(code.lower())
    click(page, "Sign in")
    page.goto(f"{system.routing_url}/account")
    expect(page.get_by_text("9 codes left")).to_be_visible()


def test_joining_and_signing_out_by_keyboard_alone(page: Page, system: System) -> None:
    page.goto(invited(system, worker()))
    tab_to(page, "textbox", "Your name")
    page.keyboard.type("Test Worker")
    press(page, "Tab")
    expect(page.get_by_label("A new pass phrase")).to_be_focused()
    page.keyboard.type(PHRASE)
    press(page, "Enter")
    heading(page, "Set up your authenticator")
    tab_to(page, "textbox", "The six digits that it shows")
    page.keyboard.type(Telephone(page).code())
    press(page, "Enter")
    heading(page, "Keep your recovery codes")
    tab_to(page, "link", "I have kept them")
    press(page, "Enter")
    tab_to(page, "button", "Sign out")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


@views(LAPTOP)
def test_an_auditor_of_operations_reads_and_is_offered_nothing_to_change(page: Page, system: System) -> None:
    url = as_manager(page, system, "operations", "operations", "auditor")
    page.goto(f"{url}/people")
    heading(page, "People at Operations")
    expect(page.get_by_role("link", name="Invite somebody")).to_have_count(0)
    page.goto(f"{url}/people/invite")
    heading(page, "You are not allowed to do this")
    check_page(page, "not-allowed")
