"""People whose organisation signs them in: the whole flow with a real provider, and who is let in by it; on both pairs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from services.routing.service import RoutingService
from shared.ids import new_id
from shared.web.people import records
from shared.web.people.tables import people
from tests.support.deciding import PAIRS, pair_in
from tests.support.members import Member, member_of, staff_of
from tests.support.openid import CLIENT, OpenIdProvider, at_the_provider, openid_provider, signs_in_there
from tests.support.people_service import Browser, Running, running

A, B = "families-apart", "time-matters"
RETURN_TO = "http://127.0.0.1:8001/sign-in/openid"
RUN = new_id()[-12:]
ACCOUNTS = {
    name: {"email": f"{name}-{RUN}@example.org", "email_verified": name != "unverified", "name": f"Test {name.title()}"}
    for name in ("invited", "stranger", "unverified", "member", "elsewhere", "ended", "renamed", "tricked")
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    with openid_provider(tmp_path_factory.mktemp("openid"), RETURN_TO, ACCOUNTS) as provider:
        yield provider


@pytest.fixture(scope="module", params=PAIRS)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, provider: OpenIdProvider
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("people")
    pair = pair_in(request, folder)
    with running(RoutingService, pair, folder, openid=provider.file, SIGN_IN_BURST=10_000) as house:
        house.clock.moment = datetime.now(UTC)
        yield house


def email(name: str) -> str:
    return str(ACCOUNTS[name]["email"])


def refused(browser: Browser) -> bool:
    return (
        browser.status == 403 and "You are not signed in" in browser.text and "waypost-routing" not in browser.cookies
    )


def test_whoever_was_invited_joins_and_comes_back_as_the_same(house: Running, provider: OpenIdProvider) -> None:
    made = staff_of(house, A).invite(email("invited"), "agency-manager")
    browser = Browser(house).get(made.address)
    assert "Continue with Families Apart" in browser.text
    assert "/sign-in/with/families-apart" in browser.page
    signs_in_there(browser, "invited", RETURN_TO)
    assert (browser.status, browser.location) == (303, "/")
    assert "Test Invited" in browser.get("/account").text
    assert "Recovery codes" not in browser.text
    (row,) = [row for row in house.rows(people) if row["openid"]]
    assert row["role"] == "agency-manager"
    assert Browser(house).get(made.address).status == 404

    again = signs_in_there(Browser(house), "invited", RETURN_TO, "/sign-in/with/families-apart?next=%2Fpeople")
    assert again.location == "/people"
    assert again.follow().status == 200
    assert len([row for row in house.rows(people) if row["openid"]]) == 1


def test_the_page_offers_the_organisation_and_asks_it_safely(house: Running, provider: OpenIdProvider) -> None:
    browser = Browser(house).get("/sign-in?next=%2Ftasks")
    assert 'href="/sign-in/with/families-apart?next=%2Ftasks"' in browser.page
    asked = urlsplit(browser.get("/sign-in/with/families-apart").location)
    query = {name: values[0] for name, values in parse_qs(asked.query).items()}
    assert f"{asked.scheme}://{asked.netloc}" == provider.issuer
    assert (query["client_id"], query["redirect_uri"], query["response_type"]) == (CLIENT, RETURN_TO, "code")
    assert query["code_challenge_method"] == "S256"
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert Browser(house).get(f"/sign-in/with/{B}").status == 404


@pytest.mark.parametrize("name", ["stranger", "unverified"])
def test_whoever_was_not_invited_or_whose_address_is_not_verified_stays_out(house: Running, name: str) -> None:
    if name == "unverified":
        staff_of(house, A).invite(email(name), "agency-worker")
    browser = signs_in_there(Browser(house), name, RETURN_TO)
    assert refused(browser)
    assert "Nobody with this account has been invited" in browser.text
    assert email(name) not in browser.page


def test_an_account_of_before_goes_on_and_its_pass_phrase_does_not(house: Running) -> None:
    with house.store.writing() as transaction:
        person_id = records.create(transaction, A, "agency-worker", email("member"), "Test Member", "a hash", "A" * 32)
    assert Member(house, email("member")).types_phrase(Browser(house)).status == 422
    browser = signs_in_there(Browser(house), "member", RETURN_TO)
    assert browser.get("/account").status == 200
    (row,) = [row for row in house.rows(people) if row["id"] == person_id]
    assert row["openid"]
    assert row["pass_phrase"] is row["totp_secret"] is None


def test_an_address_that_was_given_to_another_finds_nobody(house: Running) -> None:
    with house.store.writing() as transaction:
        before = records.openid_index(house.store.resources.keyring, "http://127.0.0.1", "whoever had it before")
        records.create(transaction, A, "agency-worker", email("renamed"), "Test Renamed", openid=before)
    assert refused(signs_in_there(Browser(house), "renamed", RETURN_TO))


def test_another_organisation_s_people_are_not_let_in_by_it(house: Running) -> None:
    member_of(house, email("elsewhere"), B)
    assert refused(signs_in_there(Browser(house), "elsewhere", RETURN_TO))
    # Nor by an invitation of this one: an address belongs to one person.
    staff_of(house, A).invite(email("elsewhere"), "agency-worker")
    assert refused(signs_in_there(Browser(house), "elsewhere", RETURN_TO))


def test_whoever_has_ended_is_let_in_again_by_an_invitation_only(house: Running) -> None:
    staff = staff_of(house, A)
    staff.invite(email("ended"), "agency-worker")
    browser = signs_in_there(Browser(house), "ended", RETURN_TO)
    assert browser.get("/account").status == 200
    staff.end(next(each.id for each in staff.everybody() if each.email == email("ended")))
    assert browser.get("/account").status == 303
    assert refused(signs_in_there(Browser(house), "ended", RETURN_TO))
    staff.invite(email("ended"), "agency-worker")
    assert signs_in_there(Browser(house), "ended", RETURN_TO).get("/account").status == 200


def test_nobody_has_a_pass_phrase_where_the_organisation_signs_in(house: Running) -> None:
    address = staff_of(house, A).invite(f"other-{RUN}@example.org", "agency-worker").address
    browser = Browser(house).get("/sign-in")
    token = browser.page.partition('name="csrf" value="')[2].partition('"')[0]
    browser.post(address, **{"csrf": token, "/name": "Test Worker", "/pass_phrase": "violet kettle morning"})
    assert browser.status == 404


def test_only_the_browser_that_began_can_finish_and_only_once(house: Running) -> None:
    staff_of(house, A).invite(email("tricked"), "agency-worker")
    mine, other = Browser(house), Browser(house)
    other.get("/sign-in/with/families-apart")
    carried = dict(mine.get("/sign-in/with/families-apart").cookies)
    back = urlsplit(at_the_provider(mine.location, "tricked", RETURN_TO))
    path = f"{back.path}?{back.query}"
    assert refused(other.get(path))
    assert refused(Browser(house).get(path))
    assert refused(mine.get(path.replace("state=", "state=x")))
    mine.cookies = dict(carried)
    assert mine.get(path).location == "/"
    mine.cookies = dict(carried)
    assert refused(mine.get(path)), "the provider takes a code once"
