"""An agency's lists and numbers over HTTP, for programs and on pages: filters, orders, search, the table, the workload."""

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from eventlet.green.http import client

from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, PAIRS, Family

Actions = tuple[tuple[str, dict[str, str]], ...]
FIRST: dict[str, Actions] = {
    "late": (),
    "held": (("hold", {"reason": "waiting-list"}),),
    "started": (("accept", {}), ("start", {})),
    "finished": (("accept", {}), ("start", {}), ("complete", {"reason": "group"})),
    "refused": (("reject", {"reason": "age"}),),
}
LATER: dict[str, Actions] = {
    "assigned": (("accept", {}), ("assign", {"worker": "Worker@example.org"})),
    "new": (),
    "recalled": (),
}


class Inbox:
    """Routing, with tasks of every kind that a list can ask for, made once."""

    def __init__(self, routing: Routing) -> None:
        self.routing = routing
        self.made: dict[str, str] = {}
        self.families: dict[str, Family] = {}
        for name, actions in FIRST.items():
            self._make(name, actions)
        # Friday, 20 November: four working days on, what was to be looked at by Tuesday is late.
        routing.part.clock.forward(days=6)
        for name, actions in LATER.items():
            self._make(name, actions)
        family = self.families["recalled"]
        routing.hears(family, family.withdrawn())

    def _make(self, name: str, actions: Actions) -> None:
        family = self.families[name] = self.routing.refers(home=KINGSTON)
        self.made[name] = self.routing.task_of(family)["id"]
        for action, said in actions:
            status, answer = self.routing.acts(A, self.made[name], action, **said)
            assert status == 200, answer

    def asks(self, agency: str = A, **query: Any) -> list[str]:
        """The names of the tasks that a list holds, in its order, fetched one at a time."""
        names = {task_id: name for name, task_id in self.made.items()}
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            status, page = self.routing.asks(agency, "/v1/tasks", limit=1, **query, **cursor)
            assert status == 200, page
            found += [names[task["id"]] for task in page["items"]]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    def reference(self, name: str) -> str:
        return self.families[name].reference


@pytest.fixture(scope="module", params=PAIRS)
def inbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    with running_routing(request, tmp_path_factory.mktemp("inbox")) as running:
        yield Inbox(running)


NEWEST = ["recalled", "new", "assigned", "refused", "finished", "started", "held", "late"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, NEWEST),
        ({"sort": "oldest"}, NEWEST[::-1]),
        ({"sort": "due"}, ["late", "recalled", "new", "assigned", "held", "started"]),
        ({"which": "active"}, ["recalled", "new", "assigned", "started", "held", "late"]),
        ({"which": "new"}, ["new", "late"]),
        ({"which": "new", "sort": "due"}, ["late", "new"]),
        ({"which": "overdue"}, ["late"]),
        ({"which": "on-hold"}, ["held"]),
        ({"which": "recalled"}, ["recalled"]),
        ({"which": "unassigned"}, ["new", "started", "held", "late"]),
        ({"state": "rejected"}, ["refused"]),
        ({"state": "cancelled"}, ["recalled"]),
    ],
    ids=str,
)
def test_a_list_holds_what_was_asked_for_in_the_order_that_was_asked_for(inbox: Inbox, query: Any, names: Any) -> None:
    assert inbox.asks(**query) == names


def test_what_is_due_today_is_found_on_its_day(inbox: Inbox) -> None:
    # Asked for on Thursday; to be looked at two working days later.
    inbox.routing.part.clock.forward(days=4)
    try:
        assert inbox.asks(which="due") == ["new"]
        assert inbox.asks(which="overdue", sort="due") == ["late", "recalled"]
    finally:
        inbox.routing.part.clock.forward(days=-4)


def test_a_task_is_found_by_its_reference_however_it_is_typed(inbox: Inbox) -> None:
    whole = inbox.reference("finished")
    assert inbox.asks(reference=whole) == ["finished"]
    assert inbox.asks(reference=whole.lower().replace("-", " ")) == ["finished"]
    assert "finished" in inbox.asks(reference=whole[:4])
    assert inbox.asks(reference="AEIOU") == []
    assert inbox.asks(reference=whole, which="new") == []


def test_a_workers_tasks_are_found_by_an_id_that_tells_nothing(inbox: Inbox) -> None:
    _, load = inbox.routing.asks(A, "/v1/workload")
    (row,) = [each for each in load["workers"] if each["worker"] == "Worker@example.org"]
    assert inbox.asks(worker=row["worker_id"]) == ["assigned"]
    assert "orker" not in row["worker_id"]


@pytest.mark.parametrize(
    "query", [{"which": "x"}, {"sort": "x"}, {"state": "x"}, {"sort": "due", "cursor": "x"}], ids=str
)
def test_what_cannot_be_asked_is_refused(inbox: Inbox, query: dict[str, str]) -> None:
    assert inbox.routing.asks(A, "/v1/tasks", **query)[0] == 400


def test_a_cursor_of_another_order_is_refused(inbox: Inbox) -> None:
    _, page = inbox.routing.asks(A, "/v1/tasks", limit=1)
    assert inbox.routing.asks(A, "/v1/tasks", sort="due", cursor=page["next"])[0] == 400


def test_another_agency_sees_none_of_it(inbox: Inbox) -> None:
    assert inbox.asks(B) == []
    assert inbox.asks(B, reference=inbox.reference("new")) == []
    load = inbox.routing.asks(B, "/v1/workload")[1]
    assert sum(each["tasks"] for each in load["states"]) == load["recalled"] == len(load["workers"]) == 0
    assert all(month["requested"] == 0 for month in load["months"])


def test_the_workload_counts_what_is_open_and_what_came_of_it(inbox: Inbox) -> None:
    status, load = inbox.routing.asks(A, "/v1/workload")
    assert status == 200
    assert {each["state"]: each["tasks"] for each in load["states"]} == {
        "requested": 2,
        "accepted": 1,
        "on-hold": 1,
        "in-progress": 1,
    }
    assert (load["overdue"], load["due_today"], load["recalled"]) == (1, 0, 1)
    counted = [(each["worker"], each["open"], each["overdue"]) for each in load["workers"]]
    assert counted == [("Worker@example.org", 1, 0), (None, 4, 1)]
    assert [each["tasks"] for each in load["waiting"]] == [1, 0, 1, 0, 0]
    assert [month["month"] for month in load["months"]][::11] == ["2025-12", "2026-11"]
    assert load["months"][-1] == {
        "month": "2026-11",
        "requested": 8,
        "accepted": 3,
        "rejected": 1,
        "completed": 1,
        "failed": 0,
        "days_to_decide": 0.0,
        "days_to_start": 0.0,
    }


def test_a_day_that_is_over_is_counted_once_and_a_late_answer_by_its_days(inbox: Inbox) -> None:
    routing, clock = inbox.routing, inbox.routing.part.clock
    family = routing.refers(home=KINGSTON)
    before = clock.moment
    try:
        clock.forward(days=10)
        assert routing.acts(A, routing.task_of(family)["id"], "reject", reason="no-capacity")[0] == 200
        clock.forward(days=40)
        months = {each["month"]: each for each in routing.asks(A, "/v1/workload")[1]["months"]}
        assert (months["2026-11"]["requested"], months["2026-11"]["rejected"]) == (9, 1)
        assert (months["2026-12"]["rejected"], months["2026-12"]["days_to_decide"]) == (1, 10.0)
        kept = {str(row["day"]): row["counts"] for row in routing.part.rows("task_days", agency=A)}
        assert kept["2026-12-06"] == {"rejected": 1, "days_to_decide": {"10": 1}}
        assert max(kept) == "2027-01-14"
        assert {each["month"]: each for each in routing.asks(A, "/v1/workload")[1]["months"]} == months
    finally:
        clock.moment = before
        with routing.part.runtime.store.writing() as transaction:
            transaction.execute(routing.part.runtime.metadata.tables["task_days"].delete())


def test_the_table_has_a_line_for_each_task_and_nothing_of_a_family(inbox: Inbox) -> None:
    status, kind, text = fetched(inbox.routing, "/v1/tasks.csv?which=active&sort=due")
    assert (status, kind) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    names = {task_id: name for name, task_id in inbox.made.items()}
    assert [names.get(row["id"]) for row in rows if row["id"] in names] == [
        "late",
        "recalled",
        "new",
        "assigned",
        "held",
        "started",
    ]
    late = rows[0]
    assert late["reference"] == inbox.reference("late")
    assert (late["state"], late["due"], late["owes"], late["children"], late["assigned"]) == (
        "requested",
        "2026-11-24",
        "acknowledge",
        "1",
        "no",
    )
    assert "Worker@example.org" not in text


def fetched(routing: Routing, path: str) -> tuple[int, str, str]:
    with closing(client.HTTPConnection(*routing.address, timeout=30)) as http:
        http.request("GET", path, headers={"Authorization": f"Bearer {routing.keys[A]}"})
        answer = http.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
