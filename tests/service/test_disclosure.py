"""An agency sees the family behind its open task as far as consent goes at that moment, and every look is on record."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import eventlet
import orjson
import pytest
from eventlet.green.http import client
from nameko.containers import ServiceContainer
from sqlalchemy import delete, update

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.referrals.tables import referral_keys
from services.routing.handlers import HANDLERS as ROUTING_HANDLERS
from services.routing.service import RoutingService
from services.routing.tables import api_keys, tasks
from shared.contracts.disclosure import Disclosed
from shared.http.keys import new_key
from shared.http.server import Server
from shared.ids import new_id
from shared.messaging.runtime import RelayProvider
from tests.support.deciding import PAIRS, READABLE, Part, pair_in
from tests.support.referring import ReferralsDesk, a_child, a_consent, a_consultation, a_referral
from tests.support.serving import INTERNAL_KEY, Running

A, B = "families-apart", "time-matters"
BOTH = a_consent(agencies=[A, B])
CONTACT = a_referral()["family_contact"]


class Agencies:
    """Referrals and routing, listening; eligibility between them. Events are carried by hand, so nothing is awaited."""

    def __init__(self, referrals: Running, eligibility: Part, routing: Part) -> None:
        self.referrals, self.desk = referrals, referrals.desk
        self.eligibility, self.routing = eligibility, routing
        resources = routing.runtime.resources
        resources.settings = replace(resources.settings, referrals_url=f"http://{referrals.address}")
        queues = {agency: f"waypost.agency.{agency}" for agency in (A, B)}
        # Somebody has to take what is said, and it is not routing: what it hears, a test carries to it.
        routing.runtime.declare({"referrals": list(READABLE), "routing": []}, queues)
        config = {
            "runtime": routing.runtime,
            "max_workers": 10,
            "WEB_SERVER_ADDRESS": "127.0.0.1:0",
            "MANAGEMENT_ADDRESS": "127.0.0.1:0",
            "INTERNAL_KEY": INTERNAL_KEY,
        }
        self.container = ServiceContainer(RoutingService, config)
        self.container.start()
        self.address = self.container.shared_extensions[Server].address
        self.keys = {agency: self._key(agency, "tasks:read") for agency in (A, B)}
        self._carried: dict[str, int] = {}

    def stop(self) -> None:
        next(each.relay for each in self.container.extensions if isinstance(each, RelayProvider)).stop()
        pool: Any = self.routing.runtime.store.database.engine.pool
        with eventlet.Timeout(10):
            while pool.checkedout():
                eventlet.sleep(0.02)
        self.container.stop()
        self.eligibility.close()
        self.referrals.stop()

    def _key(self, agency: str, *scopes: str) -> str:
        text, row = new_key(agency, scopes, "a test", self.routing.clock.now())
        with self.routing.runtime.store.writing() as transaction:
            transaction.insert(api_keys, **vars(row))
        return text

    def refers(self, body: dict[str, Any] | None = None, **about: Any) -> str:
        """A referral of children whom nobody referred before, taken and decided on."""
        body = body or a_referral(**about)
        for child in body.get("children", ()):
            child["last_name"] = new_id()
        answer = self.desk.post("/v1/referrals", body)
        assert answer["http_status"] == 201, answer
        self.carry(answer["id"])
        return str(answer["id"])

    def carry(self, referral_id: str) -> None:
        """Takes what `referrals` has said since to the others."""
        said = [row["body"] for row in self.desk.rows("outbox", subject=referral_id)]
        new = said[self._carried.get(referral_id, 0) :]
        self._carried[referral_id] = len(said)
        before = len(self.eligibility.bodies(referral_id))
        self.eligibility.take(*new)
        self.routing.take(*new, *self.eligibility.bodies(referral_id)[before:])

    def task(self, referral_id: str, agency: str = A) -> str:
        (task,) = self.routing.rows("tasks", referral_id=referral_id, agency=agency)
        return str(task["id"])

    def sees(self, task_id: str, agency: str = A) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of one look."""
        host, _, port = self.address.rpartition(":")
        with closing(client.HTTPConnection(host, int(port), timeout=20)) as http:
            headers = {"Authorization": f"Bearer {self.keys[agency]}"}
            http.request("GET", f"/v1/tasks/{task_id}/referral", headers=headers)
            answer = http.getresponse()
            return answer.status, dict(answer.headers), orjson.loads(answer.read())

    def shown(self, referral_id: str, agency: str = A) -> dict[str, Any]:
        status, _, family = self.sees(self.task(referral_id, agency), agency)
        assert status == 200, family
        assert Disclosed().validate(family) == {}
        found: dict[str, Any] = family
        return found

    def refused(self, task_id: str) -> tuple[int, str]:
        status, _, problem = self.sees(task_id)
        return status, problem["code"]

    def looks(self, referral_id: str) -> list[dict[str, Any]]:
        return self.desk.rows("looks", referral_id=referral_id)


@pytest.fixture(scope="module", params=PAIRS)
def agencies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agencies]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("disclosure")
    pair = pair_in(request, folder)
    running = Agencies(
        Running(ReferralsDesk(pair, folder)),
        Part(pair, folder, EligibilityService, ELIGIBILITY_HANDLERS),
        Part(pair, folder, RoutingService, ROUTING_HANDLERS),
    )
    yield running
    running.stop()


def test_the_agency_sees_first_what_the_child_knows_and_how_contact_is_safe_and_then_the_family(
    agencies: Agencies,
) -> None:
    family = agencies.shown(agencies.refers(children=[a_child(school={"postcode": "KT1 1AB"})]))

    assert [name for name in family if name not in ("reference", "kind")][:2] == ["told", "safe_contact"]
    assert [each["told"] for each in family["told"]] == ["partly"]
    assert family["safe_contact"]["telephone"] == {
        "safe": True,
        "message": False,
        "text": False,
        "name_organisation": False,
        "good_times": None,
    }
    (child,) = family["children"]
    assert (child["first_name"], child["date_of_birth"], child["school"]["postcode"]) == (
        "Test",
        "2017-03-14",
        "KT1 1AB",
    )
    assert family["relative"] == {"relationship": "parent", "stage": "sentenced", "released_on": None}
    assert (family["home"], family["needs"], family["notes"]) == (
        {"postcode": "KT1 1AA"},
        ["telling-the-children"],
        "A made-up note",
    )
    assert family["family_contact"]["telephone"] == "01632 960002"
    assert family["referrer"]["email"] == "teacher@example.org"
    assert (family["consent"]["name"], family["consent"]["method"]) == ("Test Parent", "verbal")


def test_only_the_children_whom_the_task_covers_are_shown(agencies: Agencies) -> None:
    children = [a_child(first_name="Nine"), a_child(first_name="Two", date_of_birth="2024-05-01")]
    referral_id = agencies.refers(home={"postcode": "CH41 1AA"}, children=children, consent=BOTH)

    family = agencies.shown(referral_id, B)

    assert [child["first_name"] for child in family["children"]] == ["Nine"]
    assert [each["child"] for each in family["told"]] == [family["children"][0]["id"]]


def test_a_family_to_be_reached_through_the_referrer_is_shown_with_no_way_of_its_own(agencies: Agencies) -> None:
    safe = {"telephone": {"safe": True, "message": True}, "through_referrer_only": True}
    family = agencies.shown(agencies.refers(family_contact=CONTACT | {"safe_contact": safe}))

    assert family["safe_contact"]["through_referrer_only"] is True
    assert {family["safe_contact"][channel]["safe"] for channel in ("telephone", "email", "letter")} == {False}
    assert [family["family_contact"][way] for way in ("telephone", "email", "address")] == [None, None, None]
    assert family["family_contact"]["name"] == "Test Parent"
    assert family["referrer"]["telephone"] == "01632 960001"


def test_what_the_family_did_not_call_safe_is_left_out(agencies: Agencies) -> None:
    contact = CONTACT | {
        "email": "parent@example.org",
        "address": "1 Test Street",
        "safe_contact": {"telephone": {"safe": True}, "email": {"safe": False, "message": True}},
    }
    family = agencies.shown(agencies.refers(family_contact=contact))

    shown = family["family_contact"]
    assert (shown["telephone"], shown["email"], shown["address"]) == ("01632 960002", None, None)
    assert family["safe_contact"]["email"]["message"] is False


def test_a_family_that_refers_itself_is_not_shown_where_writing_is_unsafe(agencies: Agencies) -> None:
    itself = {"type": "family", "name": "Test Parent", "email": "parent@example.org", "telephone": "01632 960001"}
    contact = CONTACT | {"safe_contact": {"telephone": {"safe": True}, "email": {"safe": False}}}

    plain = agencies.shown(agencies.refers(referrer=itself, family_contact=None))
    careful = agencies.shown(agencies.refers(referrer=itself, family_contact=contact))

    assert (plain["referrer"]["email"], plain["family_contact"]) == ("parent@example.org", None)
    assert plain["safe_contact"]["through_referrer_only"] is True
    assert (careful["referrer"]["email"], careful["referrer"]["telephone"]) == (None, "01632 960001")


def test_a_consultation_shows_the_question_and_who_asks(agencies: Agencies) -> None:
    family = agencies.shown(agencies.refers(a_consultation()))

    assert set(family) == {"reference", "kind", "borough", "question", "referrer"}
    assert family["question"] == "A made-up question"
    assert family["referrer"]["name"] == "Test Teacher"


def test_each_look_is_recorded_and_the_referrer_learns_of_the_first(agencies: Agencies) -> None:
    referral_id = agencies.refers()
    task_id = agencies.task(referral_id)

    agencies.shown(referral_id)
    agencies.shown(referral_id)

    first, second = agencies.looks(referral_id)
    assert (first["agency"], first["task_id"], first["outcome"]) == (A, task_id, "shown")
    assert first["who"].startswith("key:")
    assert {"told", "safe-contact", "children", "family-contact", "notes"} <= set(first["parts"])
    assert second["who"] == first["who"]
    entries = [entry for entry in agencies.desk.timeline(referral_id) if entry["type"] == "looked"]
    assert [entry["detail"] for entry in entries] == [{"agency": A, "task_id": task_id}]
    assert entries[0]["text"] == "Families Apart read the referral for the first time."


def test_consent_is_asked_at_the_moment_of_the_look_even_before_routing_has_heard(agencies: Agencies) -> None:
    referral_id = agencies.refers()
    task_id = agencies.task(referral_id)
    ended = {"withdrawn": {"withdrawn_by": "parent-or-carer", "withdrawn_at": "2026-11-20T09:00:00Z"}}
    agencies.desk.post(f"/v1/referrals/{referral_id}/consent", ended)

    assert agencies.refused(task_id) == (410, "consent-withdrawn")

    (look,) = agencies.looks(referral_id)
    assert (look["outcome"], look["parts"], look["task_id"]) == ("consent-withdrawn", [], task_id)
    assert [entry for entry in agencies.desk.timeline(referral_id) if entry["type"] == "looked"] == []


def test_consent_narrowed_to_another_agency_shows_nothing_more(agencies: Agencies) -> None:
    referral_id = agencies.refers()
    agencies.desk.post(f"/v1/referrals/{referral_id}/consent", {"given": a_consent(agencies=[B])})

    assert agencies.refused(agencies.task(referral_id)) == (410, "consent-does-not-cover")


def test_a_withdrawn_referral_is_shown_no_more_before_and_after_the_recall(agencies: Agencies) -> None:
    referral_id = agencies.refers()
    task_id = agencies.task(referral_id)
    agencies.desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"})

    before = agencies.refused(task_id)
    agencies.carry(referral_id)
    after = agencies.refused(task_id)

    assert before == after == (410, "referral-withdrawn")
    (audit,) = agencies.routing.rows("audit", subject=task_id)
    assert (audit["action"], audit["detail"]) == ("disclosure-refused", "referral-withdrawn")


@pytest.mark.parametrize("state", ["completed", "failed", "rejected"])
def test_a_task_that_has_ended_shows_nothing_more(agencies: Agencies, state: str) -> None:
    task_id = agencies.task(agencies.refers())
    with agencies.routing.runtime.store.writing() as transaction:
        transaction.execute(update(tasks).where(tasks.c.id == task_id).values(state=state, open_agency=None))

    assert agencies.refused(task_id) == (410, f"task-{state}")


def test_what_was_erased_is_gone(agencies: Agencies) -> None:
    referral_id = agencies.refers()
    with agencies.desk.runtime.store.writing() as transaction:
        transaction.execute(delete(referral_keys).where(referral_keys.c.referral_id == referral_id))

    assert agencies.refused(agencies.task(referral_id)) == (410, "erased")


def test_another_agencys_task_is_as_absent_as_none(agencies: Agencies) -> None:
    referral_id = agencies.refers()
    task_id = agencies.task(referral_id)

    theirs, nobodys = agencies.sees(task_id, B), agencies.sees("no-such-task", B)

    assert theirs[0] == nobodys[0] == 404
    assert theirs[2] == nobodys[2]
    assert agencies.looks(referral_id) == []


def test_while_referrals_cannot_be_asked_nothing_is_shown_and_the_agency_is_told_when_to_ask(
    agencies: Agencies,
) -> None:
    task_id = agencies.task(agencies.refers())
    resources = agencies.routing.runtime.resources
    there = resources.settings
    resources.settings = replace(there, referrals_url="http://127.0.0.1:1")
    try:
        status, headers, problem = agencies.sees(task_id)
    finally:
        resources.settings = there

    assert (status, problem["code"], headers["Retry-After"]) == (503, "referrals-away", "5")
    assert agencies.sees(task_id)[0] == 200


def test_a_question_that_is_not_whole_is_refused(agencies: Agencies) -> None:
    path = "/internal/v1/referrals/no-such-referral/disclosure"

    assert agencies.referrals.ask("GET", f"{path}?agency={A}", key=INTERNAL_KEY)[0] == 400
    assert agencies.referrals.ask("GET", f"{path}?agency={A}&task=1&by=key:1", key=INTERNAL_KEY)[0] == 404
    assert agencies.referrals.ask("GET", f"{path}?agency={A}&task=1&by=key:1")[0] == 401
