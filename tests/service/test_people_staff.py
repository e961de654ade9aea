"""An organisation's people, by pages and by the API: who may invite, change and end whom, and that nobody sees another's."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from eventlet.green.http import client

from services.operations.service import OperationsService
from services.routing.service import RoutingService
from shared.audit.reading import newest, verify_store
from shared.http.stored_keys import create_key
from shared.ids import new_id
from tests.support.deciding import PAIRS, pair_in
from tests.support.members import joins, member_of
from tests.support.pairs import Pair
from tests.support.people_service import Browser, Running, running

A, B = "families-apart", "time-matters"


@pytest.fixture(scope="module", params=PAIRS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("staff")
    with running(RoutingService, pair_in(request, folder), folder, SIGN_IN_BURST=10_000) as house:
        yield house


def address(name: str = "worker") -> str:
    return f"{name}-{new_id()[-12:]}@example.org"


def call(house: Running, key: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with closing(client.HTTPConnection(*house.address, timeout=30)) as http:
        http.request(method, path, None if body is None else orjson.dumps(body), headers)
        answer = http.getresponse()
        text = answer.read()
        return answer.status, orjson.loads(text) if text else None


def id_of(house: Running, owner: str, email: str) -> str:
    key = create_key(house.store, owner, ["people:read"], "")
    return next(each["id"] for each in call(house, key, "GET", "/v1/people")[1]["items"] if each["email"] == email)


@pytest.fixture
def manager(house: Running) -> Browser:
    return member_of(house, address("manager"), A, "agency-manager")[0]


def test_a_manager_invites_by_the_page_and_the_address_works(house: Running, manager: Browser) -> None:
    email = address()
    manager.get("/people/invite").send(email=email, role="agency-worker")
    assert manager.status == 200
    shown = manager.page.partition('id="address">')[2].partition("<")[0]
    assert shown.startswith(house.runtime.resources.settings.agencies_url)
    assert email in manager.get("/people").text
    joins(house, shown.removeprefix(house.runtime.resources.settings.agencies_url), email)
    assert "Invited, not here yet" not in manager.get("/people").text
    manager.get("/people/invite").send(email=email, role="agency-worker")
    assert manager.status == 422
    assert "has an account here already" in manager.text


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [("", "", "Choose what they may do"), ("nonsense", "agency-worker", "name@example.org"), (None, "operations", "")],
)
def test_an_invitation_that_cannot_be_made_says_why(manager: Browser, email: str | None, role: str, said: str) -> None:
    manager.get("/people/invite").send(email=address() if email is None else email, role=role)
    assert manager.status == 422
    assert said in manager.text
    assert "There is a problem" in manager.text


def test_a_withdrawn_invitation_goes_from_the_list(house: Running, manager: Browser) -> None:
    email = address()
    manager.get("/people/invite").send(email=email, role="agency-worker")
    manager.get("/people")
    row = manager.page.partition(email)[2]
    manager.send_to(row.partition('action="')[2].partition('"')[0])
    assert email not in manager.follow().text


def test_a_changed_role_and_an_end_sign_out(house: Running, manager: Browser) -> None:
    email = address()
    worker, member = member_of(house, email, A)
    path = f"/people/{id_of(house, A, email)}"
    manager.get(path).send(role="agency-manager")
    assert manager.location == "/people?done=role"
    assert worker.get("/account").status == 303
    member.signs_in(worker)
    assert worker.get("/people").status == 200
    manager.get(path).get(f"{path}/end").send()
    assert manager.location == "/people?done=ended"
    assert worker.get("/account").status == 303
    assert member.types_phrase(worker).status == 422
    assert "Ended" in manager.follow().text


def test_a_manager_changes_nobody_elsewhere_and_not_themselves(house: Running) -> None:
    own, other = address("manager"), address("elsewhere")
    manager, _ = member_of(house, own, A, "agency-manager")
    member_of(house, other, B)
    assert other not in manager.get("/people").text
    there, here = f"/people/{id_of(house, B, other)}", f"/people/{id_of(house, A, own)}"
    assert manager.get(there).status == manager.get(f"{there}/end").status == 404
    assert "This is you" in manager.get(here).text
    manager.get(f"{here}/end").send()
    assert manager.status == 409
    assert "Somebody else has to do this" in manager.text


def test_a_worker_sees_no_list_and_changes_nothing(house: Running) -> None:
    worker, _ = member_of(house, address(), A)
    assert "People" not in worker.get("/account").text
    for path in ("/people", "/people/invite", f"/people/{new_id()}", f"/people/{new_id()}/end"):
        assert worker.get(path).status == 403


def test_the_api_does_the_same_with_a_key_that_may(house: Running) -> None:
    key = create_key(house.store, A, ["people:read", "people:write"], "")
    email = address()
    status, made = call(house, key, "POST", "/v1/people/invitations", {"email": email, "role": "agency-worker"})
    assert (status, made["email"]) == (201, email)
    listed = call(house, key, "GET", "/v1/people/invitations")[1]["items"]
    assert made["id"] in [each["id"] for each in listed]
    assert not any("address" in each for each in listed)
    browser, member = joins(house, made["address"].removeprefix(house.runtime.resources.settings.agencies_url), email)
    person = f"/v1/people/{id_of(house, A, email)}"
    assert call(house, key, "POST", f"{person}/role", {"role": "agency-manager"})[1]["role"] == "agency-manager"
    assert browser.get("/account").status == 303
    status, ended = call(house, key, "POST", f"{person}/end")
    assert status == 200
    assert ended["ended_at"]
    assert call(house, key, "POST", f"{person}/end")[0] == 404
    assert member.types_phrase(Browser(house)).status == 422

    again = call(house, key, "POST", "/v1/people/invitations", {"email": email, "role": "agency-worker"})[1]
    assert call(house, key, "DELETE", f"/v1/people/invitations/{again['id']}")[0] == 204
    assert call(house, key, "DELETE", f"/v1/people/invitations/{again['id']}")[0] == 404

    with house.store.reading() as connection:
        acts = newest(connection, 6)[::-1]
    assert [(act.action, act.detail) for act in acts] == [
        ("people.invite", "agency-worker"),
        ("people.join", "agency-worker"),
        ("people.change-role", "agency-manager"),
        ("people.end", ""),
        ("people.invite", "agency-worker"),
        ("people.withdraw-invitation", ""),
    ]
    person_id = person.rpartition("/")[2]
    assert [act.subject for act in acts] == [made["id"], *3 * [person_id], *2 * [again["id"]]]
    assert acts[1].actor == f"key:p:{person_id}"
    assert {act.actor for act in acts if act is not acts[1]} == {acts[0].actor}
    assert email not in str(acts)
    assert verify_store(house.store).faults == ()


def test_the_api_refuses_what_is_not_a_key_s_to_do(house: Running) -> None:
    email = address()
    member_of(house, email, A)
    mine = id_of(house, A, email)
    other = create_key(house.store, B, ["people:read", "people:write"], "")
    reads, agency = (create_key(house.store, A, scopes, "") for scopes in (["people:read"], ["tasks:read"]))
    assert call(house, other, "GET", f"/v1/people/{mine}")[0] == 404
    assert call(house, other, "POST", f"/v1/people/{mine}/end")[0] == 404
    assert call(house, other, "POST", f"/v1/people/{mine}/role", {"role": "agency-manager"})[0] == 404
    assert call(house, reads, "POST", f"/v1/people/{mine}/end")[0] == 403
    assert call(house, agency, "GET", "/v1/people")[0] == 403
    listed = call(house, reads, "GET", f"/v1/people/{mine}")[1]
    assert (listed["role"], listed["ended_at"]) == ("agency-worker", None)
    status, problem = call(house, other, "POST", "/v1/people/invitations", {"email": address(), "role": "auditor"})
    assert (status, problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (422, "/role", "not-one-of")


def test_operations_look_after_their_own_and_an_auditor_reads(pair: Pair, tmp_path: Path) -> None:
    with running(OperationsService, pair, tmp_path) as office:
        duty, auditor = address("duty"), address("auditor")
        browser, _ = member_of(office, duty, "operations", "operations")
        reader, _ = member_of(office, auditor, "operations", "auditor")
        assert auditor in browser.get("/people").text
        assert reader.get("/people").status == 200
        assert "Invite" not in reader.text
        assert reader.get("/people/invite").status == 403
        # Whatever a key of operations is called, its people are those of operations.
        key = create_key(office.store, "Duty desk", ["people:read"], "")
        assert len(call(office, key, "GET", "/v1/people")[1]["items"]) == 2
