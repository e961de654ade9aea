"""Who is let into a page: nobody without a session, nobody whose role lacks the scope, and as whom they act."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from services.routing.tables import metadata
from shared.http.request import Request
from shared.messaging.runtime import StoreProvider
from shared.web.page import page
from shared.web.pages import PagesProvider
from shared.web.people import records
from shared.web.people.sign_in import SignInProvider
from shared.web.people.tables import people
from tests.support.deciding import PAIRS, pair_in
from tests.support.pairs import Pair
from tests.support.people import signed_in_at
from tests.support.people_service import Browser, Running


class Rooms:
    """A service with a page for each kind of people."""

    name = "routing"
    metadata = metadata
    store = StoreProvider()
    people = SignInProvider()
    pages = PagesProvider(Path(__file__).parent)

    @page("GET", "/tasks", scope="tasks:read")
    def tasks(self, request: Request) -> Response:
        person = request.person
        assert person is not None
        return Response(f"{person.name} · {person.role} · {request.caller.owner} · {request.caller.id}")

    @page("GET", "/staff", scope="people:write")
    def staff(self, request: Request) -> Response:
        return Response("staff")


class House(Running):
    """Those pages, on the database of routing."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        super().__init__(pair, folder, Rooms)

    def browser(self, role: str) -> Browser:
        browser = Browser(self)
        browser.cookies = signed_in_at(self.runtime, "families-apart", role)
        return browser


@pytest.fixture(scope="module", params=PAIRS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("rooms")
    house = House(pair_in(request, folder), folder)
    yield house
    house.close()


def test_without_a_session_one_is_sent_to_sign_in_and_back(house: House) -> None:
    browser = Browser(house).get("/tasks?state=requested")
    assert (browser.status, browser.location) == (303, "/sign-in?next=%2Ftasks%3Fstate%3Drequested")
    browser.cookies = {"waypost-routing": "made-up"}
    assert browser.get("/tasks").status == 303


def test_somebody_acts_as_themselves_for_their_agency(house: House) -> None:
    browser = house.browser("agency-worker").get("/tasks")
    row = house.rows(people)[-1]
    assert browser.page == f"Test Worker · agency-worker · families-apart · p:{row['id']}"


def test_a_page_beyond_the_role_is_refused(house: House) -> None:
    assert house.browser("agency-manager").get("/staff").status == 200
    assert house.browser("agency-worker").get("/staff").status == 403
    assert house.browser("a-role-of-long-ago").get("/tasks").status == 403


def test_a_changed_role_and_an_end_count_at_once(house: House) -> None:
    browser = house.browser("agency-manager")
    row = house.rows(people)[-1]
    with house.store.writing() as transaction:
        records.change(transaction, row["id"], role="agency-worker")
    assert browser.get("/staff").status == 403
    with house.store.writing() as transaction:
        records.change(transaction, row["id"], ended_at=transaction.now)
    assert browser.get("/tasks").status == 303
