"""One's own account, on both pairs: what may be changed with the pass phrase typed again, and who is signed out by it."""

import re
from collections.abc import Iterator

import pytest

from services.routing.service import RoutingService
from shared.ids import new_id
from tests.support.deciding import PAIRS, pair_in
from tests.support.members import Member, member_of, shown_secret
from tests.support.people_service import Browser, Running, running

NEW = "copper ladder evening"
Joined = tuple[Browser, Member]


@pytest.fixture(scope="module", params=PAIRS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("account")
    with running(RoutingService, pair_in(request, folder), folder, SIGN_IN_BURST=10_000) as house:
        yield house


@pytest.fixture
def joined(house: Running) -> Joined:
    return member_of(house, f"worker-{new_id()[-12:]}@example.org")


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status == 200


def test_a_new_pass_phrase_signs_out_everywhere_else(house: Running, joined: Joined) -> None:
    browser, member = joined
    elsewhere = member.signs_in(Browser(house))
    browser.get("/account/pass-phrase").send(pass_phrase=member.phrase, new_pass_phrase=NEW)
    assert browser.location == "/account?done=pass-phrase"
    assert "Your pass phrase is changed" in browser.follow().text
    assert not is_in(elsewhere)
    assert member.types_phrase(Browser(house)).status == 422
    member.phrase = NEW
    member.signs_in(Browser(house))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("not my pass phrase", NEW, "This is not your pass phrase"),
        ("violet kettle morning", "short", "Use at least 12 letters"),
        ("", "", "This is not your pass phrase"),
    ],
)
def test_a_pass_phrase_that_cannot_be_changed_so_stays(joined: Joined, old: str, new: str, said: str) -> None:
    browser, member = joined
    browser.get("/account/pass-phrase").send(pass_phrase=old, new_pass_phrase=new)
    assert browser.status == 422
    assert said in browser.text
    assert not re.search(r'type="password" value="[^"]', browser.page)
    assert member.types_phrase(browser.get("/account").send_to("/sign-out")).status == 303


def test_guessing_the_pass_phrase_of_an_open_screen_locks(house: Running, joined: Joined) -> None:
    browser, member = joined
    for _ in range(5):
        browser.get("/account/recovery-codes").send(pass_phrase="not my pass phrase")
    assert browser.send(pass_phrase=member.phrase).status == 422
    assert member.types_phrase(Browser(house)).status == 422


def test_new_recovery_codes_replace_those_before(house: Running, joined: Joined) -> None:
    browser, member = joined
    browser.get("/account/recovery-codes").send(pass_phrase=member.phrase)
    renewed = re.findall(r'<li class="code">([^<]+)</li>', browser.page)
    assert len(renewed) == 10
    assert not set(renewed) & set(member.recovery_codes)
    for code, status in ((member.recovery_codes[0], 422), (renewed[0], 303)):
        again = member.types_phrase(Browser(house)).follow().get("/sign-in/recovery-code")
        assert again.send(sign_in_code=code).status == status
    assert "9 codes left" in again.get("/account").text


def test_a_new_authenticator_counts_once_it_has_shown_that_it_works(house: Running, joined: Joined) -> None:
    browser, member = joined
    elsewhere = member.signs_in(Browser(house))
    browser.get("/account/authenticator").send(pass_phrase=member.phrase).follow()
    fresh = Member(house, member.email, secret=shown_secret(browser))
    assert browser.send(sign_in_code=member.next_code()).status == 422
    assert is_in(elsewhere)
    browser.send(sign_in_code=fresh.next_code())
    assert browser.location == "/account?done=authenticator"
    assert is_in(browser)
    assert not is_in(elsewhere)
    assert member.types_phrase(Browser(house)).follow().send(sign_in_code=member.next_code()).status == 422
    fresh.signs_in(Browser(house))


def test_nobody_sets_up_an_authenticator_that_another_began(house: Running, joined: Joined) -> None:
    browser, member = joined
    browser.get("/account/authenticator").send(pass_phrase=member.phrase)
    other, _ = member_of(house, f"other-{member.email}")
    name = "waypost-routing-authenticator"
    other.cookies[name] = browser.cookies[name]
    assert other.get("/account/authenticator/new").location == "/account/authenticator"


def test_one_session_or_all_are_ended_from_the_list(house: Running, joined: Joined) -> None:
    browser, member = joined
    there, elsewhere = member.signs_in(Browser(house)), member.signs_in(Browser(house))
    actions = re.findall(r'action="(/account/sessions/[^"]+/end)"', browser.get("/account").page)
    assert len(actions) == 2
    browser.send_to(actions[-1])
    assert not is_in(there)
    assert is_in(elsewhere)
    browser.get("/account").send_to("/account/sign-out-everywhere")
    assert browser.location == "/sign-in?signed-out=yes"
    assert not any(is_in(each) for each in (browser, elsewhere))
