"""Somebody who joins by the pages and knows what they typed: to sign in again, to change it, to be refused."""

import re
from dataclasses import dataclass, field

import pyotp

from shared.web.people.staff import Staff
from tests.support.people_service import Browser, Running

PHRASE = "violet kettle morning"


@dataclass
class Member:
    """What somebody keeps in their head, on their telephone and in a drawer."""

    house: Running
    email: str
    phrase: str = PHRASE
    secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)

    def code(self) -> str:
        """What the telephone shows just now."""
        return pyotp.TOTP(self.secret).at(self.house.clock.now())

    def next_code(self) -> str:
        """The next code that was not used: half a minute goes by."""
        self.house.clock.forward(seconds=30)
        return self.code()

    def types_phrase(self, browser: Browser, phrase: str | None = None, path: str = "/sign-in") -> Browser:
        """The first step."""
        return browser.get(path).send(email=self.email, pass_phrase=phrase or self.phrase)

    def signs_in(self, browser: Browser) -> Browser:
        """Both steps; the browser stands where it was sent."""
        self.types_phrase(browser).follow().send(sign_in_code=self.next_code())
        assert browser.status == 303, browser.text
        return browser


def staff_of(house: Running, owner: str) -> Staff:
    """Whoever invites by the command line."""
    return Staff(house.store, owner, "command-line", "")


def joins(house: Running, address: str, email: str) -> tuple[Browser, Member]:
    """Goes to an invitation's address and makes an account; the browser is signed in and shows the recovery codes."""
    browser, member = Browser(house), Member(house, email)
    browser.get(address).send(name="Test Worker", pass_phrase=member.phrase)
    browser.follow()
    member.secret = shown_secret(browser)
    browser.send(sign_in_code=member.code())
    assert browser.status == 200, browser.text
    member.recovery_codes = re.findall(r'<li class="code">([^<]+)</li>', browser.page)
    return browser, member


def member_of(
    house: Running, email: str, owner: str = "families-apart", role: str = "agency-worker"
) -> tuple[Browser, Member]:
    """Somebody new, invited and joined."""
    return joins(house, staff_of(house, owner).invite(email, role).address, email)


def shown_secret(browser: Browser) -> str:
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', browser.page)
    assert found, browser.text
    return found[1].replace(" ", "")
