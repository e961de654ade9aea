"""Signing in by the pages, on both pairs: by invitation, pass phrase and code; and what whoever is refused learns of it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import eventlet
import pytest

from services.routing.service import RoutingService
from shared.ids import new_id
from shared.messaging.store import Store
from shared.web.people import lockout, pass_phrases
from shared.web.people.tables import invitations, people, sessions, sign_in_tries
from shared.web.people.tidying import tidy
from tests.support.deciding import PAIRS, pair_in
from tests.support.members import Member, joins, member_of, staff_of
from tests.support.pairs import default_pair
from tests.support.people_service import Browser, Running, hashing, running

OWNER = "families-apart"
PRODUCTION = pass_phrases._hasher


@pytest.fixture(scope="module", params=PAIRS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("people")
    with running(RoutingService, pair_in(request, folder), folder, SIGN_IN_BURST=10_000) as house:
        yield house


@pytest.fixture
def email() -> str:
    return f"worker-{new_id()[-12:]}@example.org"


def refusal(browser: Browser) -> tuple[int, str]:
    """What a refused browser is told, but for the token of its form and what it had typed itself."""
    page = re.sub(r'(name="csrf"|name="/email" type="email") value="[^"]*"', "", browser.page)
    return browser.status, page


def test_somebody_joins_by_invitation_and_signs_in_again(house: Running, email: str) -> None:
    browser, member = member_of(house, email)
    assert len(set(member.recovery_codes)) == 10
    assert browser.get("/account").status == 200
    assert "10 codes left" in browser.text
    browser.send_to("/sign-out")
    assert (browser.status, browser.location) == (303, "/sign-in?signed-out=yes")
    assert browser.get("/account").location == "/sign-in?next=%2Faccount"

    member.types_phrase(browser, path=browser.location).follow().send(sign_in_code=member.next_code())
    assert (browser.status, browser.location) == (303, "/account")
    assert browser.follow().status == 200


def test_a_session_is_new_with_each_sign_in_and_its_cookie_is_out_of_reach(house: Running, email: str) -> None:
    browser, member = member_of(house, email)
    first = browser.cookies["waypost-routing"]
    browser.get("/account").send_to("/sign-out")
    assert "waypost-routing" not in browser.cookies
    member.signs_in(browser)
    assert browser.cookies["waypost-routing"] != first
    cookie = browser.headers["Set-Cookie"]
    browser.cookies["waypost-routing"] = first
    assert browser.get("/account").status == 303
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/")), cookie


def test_each_code_works_once(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    code = member.next_code()
    first, second = Browser(house), Browser(house)
    for browser in (first, second):
        member.types_phrase(browser).follow()
    assert first.send(sign_in_code=code).status == 303
    assert second.send(sign_in_code=code).status == 422
    assert second.send(sign_in_code=member.next_code()).status == 303


def test_a_recovery_code_stands_in_once(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    for typed, status in ((member.recovery_codes[0].lower().replace("-", " "), 303), (member.recovery_codes[0], 422)):
        browser = member.types_phrase(Browser(house)).follow().get("/sign-in/recovery-code")
        assert browser.send(sign_in_code=typed).status == status


def test_one_answer_for_whoever_is_not_let_in(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    wrong = Member(house, email, "another phrase altogether")
    answers = {refusal(wrong.types_phrase(Browser(house)))}
    for _ in range(4):
        answers.add(refusal(wrong.types_phrase(Browser(house))))
    answers.add(refusal(member.types_phrase(Browser(house))))  # locked, with the right phrase
    answers.add(refusal(Member(house, "nobody@example.org").types_phrase(Browser(house))))

    gone_browser, gone = member_of(house, f"gone-{email}")
    (row,) = [row for row in house.rows(people) if row["email_index"] not in _indexes(house, member)][-1:]
    staff_of(house, OWNER).end(row["id"])
    assert gone_browser.get("/account").status == 303
    answers.add(refusal(gone.types_phrase(Browser(house))))
    assert [status for status, _ in answers] == [422]


def _indexes(house: Running, member: Member) -> set[str]:
    return {house.store.resources.keyring.blind_index("person-email", member.email)}


@pytest.fixture
def hashing_as_in_production(house: Running) -> Iterator[None]:
    with hashing(PRODUCTION):
        yield


@pytest.mark.usefixtures("hashing_as_in_production")
def test_refusing_takes_as_long_for_nobody_as_for_somebody(house: Running, email: str) -> None:
    member_of(house, email)

    def seconds(address: str) -> float:
        browser = Browser(house).get("/sign-in")
        begun = time.process_time()
        browser.send(email=address, pass_phrase="another phrase altogether")
        return time.process_time() - begun

    # Of the processor, which is nearly all of it, and the shortest of each: what else the machine does meanwhile is in neither.
    took = [(seconds(email), seconds("nobody-at-all@example.org")) for _ in range(5)]
    somebody, nobody = (min(each) for each in zip(*took, strict=True))
    assert 0.4 < nobody / somebody < 2.5, took


def test_after_five_wrong_tries_one_waits_and_then_gets_in(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    for _ in range(5):
        assert member.types_phrase(Browser(house), "another phrase altogether").status == 422
    assert member.types_phrase(Browser(house)).status == 422
    house.clock.forward(minutes=1, seconds=1)
    assert member.signs_in(Browser(house)).status == 303
    assert not [row for row in house.rows(sign_in_tries) if row["who"] in _indexes(house, member)]


def test_guessing_codes_locks_too_though_the_phrase_is_right(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    browser = member.types_phrase(Browser(house)).follow()
    for _ in range(5):
        assert browser.send(sign_in_code="000000").status == 422
    assert browser.send(sign_in_code=member.next_code()).status == 422
    assert member.types_phrase(Browser(house)).status == 422
    house.clock.forward(minutes=1, seconds=1)
    assert member.signs_in(Browser(house)).status == 303


def test_whoever_knows_the_phrase_gets_no_more_codes_to_guess_by_typing_it_again(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    browser = Browser(house)
    for guesses in (3, 2):
        member.types_phrase(browser).follow()
        for _ in range(guesses):
            assert browser.send(sign_in_code="000000").status == 422
    assert browser.send(sign_in_code=member.next_code()).status == 422


def test_many_tries_at_the_same_moment_are_many(house: Running) -> None:
    who = new_id()

    def one(_: int) -> bool:
        return _take(house.store, who)

    assert sum(eventlet.GreenPool(20).imap(one, range(20))) == 5


def _take(store: Store, who: str) -> bool:
    with store.writing() as transaction:
        return lockout.take(transaction, who)


def test_ten_minutes_lie_between_the_steps_at_most(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    browser = member.types_phrase(Browser(house)).follow()
    house.clock.forward(minutes=11)
    browser.send(sign_in_code=member.code())
    assert (browser.status, browser.location) == (303, "/sign-in?too-late=yes")
    assert "Begin again" in browser.follow().text
    assert Browser(house).get("/sign-in/code").location == "/sign-in"


def test_what_the_browser_carries_between_the_steps_is_ours(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    browser = member.types_phrase(Browser(house)).follow()
    (name,) = [name for name in browser.cookies if name.endswith("-code")]
    carried = browser.cookies[name]
    browser.cookies[name] = carried[:-4] + ("AAAA" if carried[-4:] != "AAAA" else "BBBB")
    assert browser.get("/sign-in/code").location == "/sign-in"


def test_a_changed_pass_phrase_ends_what_the_old_one_began(house: Running, email: str) -> None:
    browser, member = member_of(house, email)
    halfway = member.types_phrase(Browser(house)).follow()
    browser.get("/account/pass-phrase").send(pass_phrase=member.phrase, new_pass_phrase="copper ladder evening")
    assert halfway.send(sign_in_code=member.next_code()).status == 422


def test_an_empty_form_says_what_is_missing(house: Running) -> None:
    browser = Browser(house).get("/sign-in").send(email="", pass_phrase="")
    assert browser.status == 422
    assert "Enter an e-mail address" in browser.text
    assert "Enter a pass phrase" in browser.text
    assert "<title>Error:" in browser.page


def test_an_address_that_guesses_has_to_wait(tmp_path: Path) -> None:
    with running(RoutingService, default_pair(tmp_path), tmp_path, SIGN_IN_BURST=3) as house:
        browser = Browser(house)
        for _ in range(3):
            assert Member(house, "nobody@example.org").types_phrase(browser).status == 422
        assert Member(house, "somebody@example.org").types_phrase(browser).status == 429
        assert "Too many tries" in browser.text


def test_an_invitation_works_once_and_the_newest_alone_and_for_a_week(house: Running, email: str) -> None:
    staff = staff_of(house, OWNER)
    replaced, used = (staff.invite(email, "agency-worker").address for _ in range(2))
    joins(house, used, email)
    late = staff.invite(f"late-{email}", "agency-worker").address
    withdrawn = staff.invite(f"not-{email}", "agency-worker")
    staff.withdraw(withdrawn.id)
    house.clock.forward(days=7, seconds=1)
    for address in (replaced, used, late, withdrawn.address, "/invitations/made-up"):
        assert Browser(house).get(address).status == 404, address
        assert Browser(house).get(f"{address}/authenticator").status == 404, address


def test_what_is_wrong_with_the_first_step_is_said_all_at_once(house: Running, email: str) -> None:
    address = staff_of(house, OWNER).invite(email, "agency-worker").address
    browser = Browser(house).get(address).send(name="", pass_phrase="short")
    assert browser.status == 422
    assert "Enter your name" in browser.text
    assert "Use at least 12 letters" in browser.text
    browser.send(name="Test Worker", pass_phrase="password password")
    assert "one of the first that anybody would try" in browser.text
    assert 'value="Test Worker"' in browser.page
    assert "password password" not in browser.page
    browser.send(name="Test Worker", pass_phrase="violet kettle morning").follow()
    assert browser.send(sign_in_code="000000").status == 422
    assert not [row for row in house.rows(people) if row["email_index"] in _indexes(house, Member(house, email))]


def test_the_authenticator_is_the_same_after_going_back(house: Running, email: str) -> None:
    address = staff_of(house, OWNER).invite(email, "agency-worker").address
    browser = Browser(house)
    shown = set()
    for name in ("Test Worker", "Test Person"):
        browser.get(address).send(name=name, pass_phrase="violet kettle morning")
        shown.add(re.findall(r'id="secret">([A-Z2-7 ]+)<', browser.follow().page)[0])
    assert len(shown) == 1


def test_two_who_finish_the_same_invitation_are_one(house: Running, email: str) -> None:
    address = staff_of(house, OWNER).invite(email, "agency-worker").address
    browsers = [Browser(house), Browser(house)]
    member = Member(house, email)
    for browser in browsers:
        browser.get(address).send(name="Test Worker", pass_phrase=member.phrase)
        member.secret = re.findall(r'id="secret">([A-Z2-7 ]+)<', browser.follow().page)[0].replace(" ", "")
    for browser in eventlet.GreenPool(2).imap(lambda browser: browser.send(sign_in_code=member.code()), browsers):
        assert browser.status in (200, 404, 422)
    assert [row["role"] for row in house.rows(people) if row["email_index"] in _indexes(house, member)] == [
        "agency-worker"
    ]


def test_an_address_of_another_organisation_is_told_to_its_owner_alone(house: Running, email: str) -> None:
    member_of(house, email)
    address = staff_of(house, "time-matters").invite(email, "agency-worker").address
    browser = Browser(house)
    browser.get(address).send(name="Test Worker", pass_phrase="violet kettle morning")
    secret = re.findall(r'id="secret">([A-Z2-7 ]+)<', browser.follow().page)[0].replace(" ", "")
    browser.send(sign_in_code=Member(house, email, secret=secret).code())
    assert browser.status == 409
    assert "There is an account with this address already" in browser.text


def test_what_is_over_is_thrown_away(house: Running, email: str) -> None:
    _, member = member_of(house, email)
    staff_of(house, OWNER).invite(f"late-{email}", "agency-worker")
    member.types_phrase(Browser(house), "another phrase altogether")
    house.clock.forward(days=8)
    fresh = staff_of(house, OWNER).invite(f"new-{email}", "agency-worker")
    tidy(house.store)
    assert [row["id"] for row in house.rows(invitations)] == [fresh.id]
    assert house.rows(sessions) == house.rows(sign_in_tries) == []
