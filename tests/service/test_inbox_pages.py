"""The agency's pages over HTTP: whose they are, what a form may do twice, what collides, what is shown of a family."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import pytest
from eventlet.green.http import client
from sqlalchemy import update

from services.routing.domain.tasks import AGENCY_ACTIONS
from services.routing.schemas import SAID
from shared.web.people.tables import people
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, PAIRS
from tests.support.people import signed_in_at

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Worker:
    """Somebody who is signed in, with their browser's cookies."""

    def __init__(
        self, routing: Routing, agency: str = A, name: str = "Test Worker", role: str = "agency-worker"
    ) -> None:
        self._address = routing.address
        self._cookies = signed_in_at(routing.part.runtime, agency, role, name)

    def get(self, path: str) -> tuple[int, str]:
        status, _, text = self._send("GET", path)
        return status, text

    def form(self, path: str, action: str) -> dict[str, str]:
        """The hidden fields of a page's form that is sent to this address."""
        _, html = self.get(path)
        (form,) = re.findall(rf'<form method="post" action="{re.escape(action)}".*?</form>', html, re.S)
        return dict(HIDDEN.findall(form))

    def send(self, path: str, fields: dict[str, str], **more: str) -> tuple[int, str, str]:
        """Status, where to, and the page."""
        named = {f"/{name}": value for name, value in more.items()}
        return self._send("POST", path, urlencode(fields | named))

    def _send(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(client.HTTPConnection(*self._address, timeout=30)) as http:
            http.request(method, path, body, headers)
            answer = http.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()


@pytest.fixture(scope="module", params=PAIRS)
def routing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("pages")) as running:
        yield running


def new_task(routing: Routing, *actions: str) -> str:
    """The path of a new family's task."""
    task_id = routing.task_of(routing.refers(home=KINGSTON))["id"]
    for action in actions:
        assert routing.acts(A, task_id, action)[0] == 200
    return f"/tasks/{task_id}"


def state(routing: Routing, task: str) -> str:
    return str(routing.asks(A, f"/v1{task}")[1]["state"])


def test_every_action_of_the_api_has_a_form() -> None:
    assert set(SAID) == AGENCY_ACTIONS


def test_who_is_not_signed_in_is_led_there_and_back(routing: Routing) -> None:
    stranger = Worker(routing)
    stranger._cookies = {}
    for path in ("/", "/tasks", "/tasks.csv", "/workload", "/capacity", new_task(routing)):
        status, where, _ = stranger._send("GET", path)
        assert (status, where.partition("?")[0]) == (303, "/sign-in"), path


def test_another_agencys_task_is_not_found_on_any_page_and_not_in_its_lists(routing: Routing) -> None:
    task, other = new_task(routing), Worker(routing, B)
    reference = routing.asks(A, f"/v1{task}")[1]["reference"]
    for path in (task, *(f"{task}/{action}" for action in AGENCY_ACTIONS)):
        assert other.get(path)[0] == 404, path
    token = other.form("/capacity", "/capacity")
    for action in AGENCY_ACTIONS:
        fields = token | {"key": "0" * 36}
        said = {"reason": next(iter(_reasons(action)), ""), "note": "x", "items": "told", "worker": "x"}
        assert other.send(f"{task}/{action}", fields, **said)[0] == 404, action
    for path in ("/tasks?which=all", f"/tasks?reference={reference}", "/tasks.csv?which=all"):
        assert task.rpartition("/")[2] not in other.get(path)[1]
    assert state(routing, task) == "requested"


def _reasons(action: str) -> Any:
    field: Any = SAID[action]().fields.get("reason")
    return field.validate.choices if field else ()


def test_whose_role_is_taken_away_sees_and_does_nothing(routing: Routing) -> None:
    worker, task = Worker(routing), new_task(routing)
    fields = worker.form(task, f"{task}/accept")
    with routing.part.runtime.store.writing() as transaction:
        transaction.execute(update(people).values(role="no-role"))
    try:
        assert worker.get("/tasks")[0] == worker.get(task)[0] == 403
        assert worker.send(f"{task}/accept", fields)[0] == 403
    finally:
        with routing.part.runtime.store.writing() as transaction:
            transaction.execute(update(people).values(role="agency-worker"))
    assert state(routing, task) == "requested"


def test_a_form_that_is_sent_twice_does_its_work_once_and_with_other_words_again(routing: Routing) -> None:
    worker, task = Worker(routing), new_task(routing)
    fields = worker.form(f"{task}/note", f"{task}/note")
    for note in ("Made-up note", "Made-up note", "Another made-up note"):
        status, where, _ = worker.send(f"{task}/note", fields, note=note)
        assert (status, where) == (303, f"{task}?done=note")
    moves = routing.asks(A, f"/v1{task}")[1]["moves"]
    assert [move["note"] for move in moves] == [None, "Made-up note", "Another made-up note"]


def test_a_form_without_its_token_does_nothing(routing: Routing) -> None:
    worker, task = Worker(routing), new_task(routing)
    fields = worker.form(task, f"{task}/accept")
    assert worker.send(f"{task}/accept", fields | {"csrf": "x"})[0] == 403
    assert state(routing, task) == "requested"


def test_of_two_who_answer_at_once_the_second_is_told_what_is_allowed_now(routing: Routing) -> None:
    first, second, task = Worker(routing), Worker(routing), new_task(routing)
    reject = second.form(f"{task}/reject", f"{task}/reject")
    assert first.send(f"{task}/accept", first.form(task, f"{task}/accept"))[0] == 303
    status, _, html = second.send(f"{task}/reject", reject, reason="age", note="Made-up <b>note</b>")
    assert status == 409
    assert "Somebody else changed this task" in html
    assert "Made-up &lt;b&gt;note&lt;/b&gt;" in html
    assert set(re.findall(rf'href="{task}/([a-z-]+)"', html)) == set(routing.asks(A, f"/v1{task}")[1]["actions"])
    assert state(routing, task) == "accepted"


def test_what_is_still_allowed_can_be_sent_again_as_it_was_typed(routing: Routing) -> None:
    first, second, task = Worker(routing), Worker(routing), new_task(routing)
    hold = second.form(f"{task}/hold", f"{task}/hold")
    assert first.send(f"{task}/accept", first.form(task, f"{task}/accept"))[0] == 303
    status, _, html = second.send(f"{task}/hold", hold, reason="waiting-list", note="Made-up note")
    assert (status, 'value="waiting-list" checked' in html, "Made-up note" in html) == (409, True, True)
    (form,) = re.findall(rf'<form method="post" action="{task}/hold".*?</form>', html, re.S)
    again = dict(HIDDEN.findall(form))
    assert second.send(f"{task}/hold", again, reason="waiting-list", note="Made-up note")[0] == 303
    assert state(routing, task) == "on-hold"


def test_who_takes_a_task_on_is_named_in_pages_and_found_under_mine(routing: Routing) -> None:
    one, other, task = Worker(routing, name="Test One"), Worker(routing, name="Test Other"), new_task(routing)
    before = other.form(task, f"{task}/assign")
    assert one.send(f"{task}/assign", one.form(task, f"{task}/assign"))[0] == 303
    assert "Test One works on it" in other.get(task)[1]
    assert task in one.get("/tasks?which=mine")[1]
    assert task not in other.get("/tasks?which=mine")[1]
    status, _, html = other.send(f"{task}/assign", before)
    assert status == 409
    assert "Somebody else took this task on" in html
    assert other.send(f"{task}/assign", other.form(task, f"{task}/assign"))[0] == 303
    assert task in other.get("/tasks?which=mine")[1]
    history = routing.asks(A, f"/v1{task}")[1]["moves"]
    assert all(re.fullmatch(r"key:p:[0-9a-f-]{36}", move["actor"]) for move in history[1:])


def test_a_recalled_task_shows_that_it_must_stop_and_asks_for_no_family(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    worker, task = Worker(routing), f"/tasks/{routing.task_of(family)['id']}"
    routing.hears(family, family.withdrawn())
    _, html = worker.get(task)
    assert "Stop. Do not contact the family." in html
    assert "aged 9" not in html
    assert "Be residents" not in html
    assert worker.send(f"{task}/acknowledge-recall", worker.form(task, f"{task}/acknowledge-recall"))[0] == 303
    assert "There is nothing more to do." in worker.get(task)[1]
    assert not [row for row in routing.part.rows("audit") if row["subject"] == task.rpartition("/")[2]]


def test_when_the_family_cannot_be_asked_for_the_rest_of_the_page_is_there(routing: Routing) -> None:
    status, html = Worker(routing).get(new_task(routing))
    assert status == 200
    assert "cannot be shown just now" in html
    assert "Be residents of the Kingston Borough" in html
    assert "Accept" in html


def test_an_action_that_is_not_allowed_now_leads_back_to_the_task(routing: Routing) -> None:
    worker, task = Worker(routing), new_task(routing)
    assert worker._send("GET", f"{task}/complete")[:2] == (303, f"{task}?changed=yes")
    assert worker.get(f"{task}/no-such-action")[0] == 404


def test_room_is_said_as_over_the_api(routing: Routing) -> None:
    worker = Worker(routing)
    fields = worker.form("/capacity", "/capacity")
    wrong = {"/until/day": "1", "/until/month": "2", "/until/year": "2020"}
    status, _, html = worker.send("/capacity", fields | wrong, state="waiting-list")
    assert (status, "Name today or a later day" in html, 'value="2020"' in html) == (422, True, True)
    day = {"/until/day": "1", "/until/month": "2", "/until/year": "2030"}
    assert worker.send("/capacity", fields | day, state="waiting-list")[:2] == (303, "/capacity?done=yes")
    assert routing.asks(A, "/v1/capacity")[1] == {"state": "waiting-list", "until": "2030-02-01"}
    assert worker.send("/capacity", fields, state="open")[0] == 303


def test_the_table_holds_what_the_page_lists(routing: Routing) -> None:
    worker, task = Worker(routing), new_task(routing, "accept")
    rows = list(csv.DictReader(io.StringIO(worker.get("/tasks.csv?state=accepted")[1])))
    assert task.rpartition("/")[2] in {row["id"] for row in rows}
    assert {row["state"] for row in rows} == {"accepted"}


def test_what_the_list_cannot_be_asked_is_a_page_that_says_so(routing: Routing) -> None:
    worker = Worker(routing)
    for query in ("which=x", "sort=x", "state=x", "cursor=x"):
        assert worker.get(f"/tasks?{query}")[0] == 400
    assert worker.get("/tasks?reference=%3Cscript%3E")[0] == 200
