"""Nobody is left without an answer: rejections, room, questions, duplicates, persons, what begins anew; on both pairs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.routing.waiting import decide_waiting
from shared.clock import london_date
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import HALTON, HULL, KINGSTON, LIVERPOOL, PAIRS, Family, child

BOTH: dict[str, Any] = {"home": KINGSTON, "children": [child(9, school=LIVERPOOL)]}
NOWHERE: dict[str, Any] = {"home": HULL, "children": [child(9, school=HULL, practice=HULL)]}
ONLY_A: dict[str, Any] = {"home": KINGSTON, "children": [child(9, school=KINGSTON)]}
OTHER = "019aa2f0-5c07-7abc-8def-0123456789ab"


@pytest.fixture(scope="module", params=PAIRS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("answers")) as routing:
        yield routing


@pytest.fixture
def routing(running: Routing) -> Iterator[Routing]:
    """Every agency has room again when a test ends, and nobody waits for it."""
    yield running
    for agency in (A, B):
        says(running, agency, "open")
    decide_waiting(running.part.runtime.store)


def does(routing: Routing, family: Family, agency: str, *actions: str, **said: Any) -> Any:
    """What an agency does with its newest task of a family; `said` goes with the last action."""
    task_id = routing.task_of(family, agency)["id"]
    for action in actions:
        status, answer = routing.acts(agency, task_id, action, **(said if action == actions[-1] else {}))
        assert status == 200, answer
    return answer


def says(routing: Routing, agency: str, state: str, **more: Any) -> Any:
    status, answer = routing.sends("PUT", agency, "/v1/capacity", {"state": state, **more})
    assert status == 200, answer
    return answer


def states(routing: Routing, family: Family) -> list[tuple[str, str]]:
    return [(task["agency"], task["state"]) for task in routing.part.rows("tasks", referral_id=family.id)]


def rules(routing: Routing, family: Family, decision: str, agency: str | None = None) -> tuple[int, Any]:
    """What a person decides, over the management listener."""
    body = {"actor": "key:test", "decision": decision, "agency": agency, "reason": "asked the agency by telephone"}
    return routing.operates("POST", f"/v1/reviews/{family.id}", body)


# Rejected


def test_after_a_rejection_the_next_agency_that_consent_covers_is_asked(routing: Routing) -> None:
    family = routing.refers(**BOTH, chosen=[A])
    does(routing, family, A, "reject", reason="not-needed")
    assert states(routing, family) == [(A, "rejected"), (B, "requested")]
    assert routing.facts(family) == ["referral.routed", "task.rejected", "referral.routed"]
    assert routing.facts(family, audience=B) == ["referral.routed"]


def test_after_a_rejection_consent_is_asked_for_where_it_covers_nobody_else(routing: Routing) -> None:
    family = routing.refers(**BOTH, chosen=[A], consent=[A])
    does(routing, family, A, "reject", reason="age")
    assert routing.stands(family) == {"status": "information-requested", "agencies": [B], "codes": ["consent"]}
    routing.hears(family, family.consent_given(A, B))
    assert states(routing, family) == [(A, "rejected"), (B, "requested")]


def test_when_all_have_said_no_a_person_decides_and_the_family_is_told_of_others(routing: Routing) -> None:
    family = routing.refers(**ONLY_A)
    does(routing, family, A, "reject", reason="other")
    assert routing.stands(family) == {"status": "under-review", "agencies": [A], "codes": ["rejected"]}
    status, problem = rules(routing, family, "route", A)
    assert (status, problem["code"]) == (409, "cannot-route-there")
    assert rules(routing, family, "not-eligible")[0] == 200
    last = routing.part.told(family.id)[-1].data
    assert (last["reasons"], last["signposts"]) == (["decided-by-person"], ["prisoners-families-helpline"])


def test_a_family_that_declines_is_no_rejection_and_nobody_else_is_asked(routing: Routing) -> None:
    family = routing.refers(**BOTH, chosen=[A])
    does(routing, family, A, "accept", "start", "fail", reason="family-declined")
    assert states(routing, family) == [(A, "failed")]
    concluded = routing.part.told(family.id)[-1]
    assert concluded.type == "uk.waypost.routing.referral.concluded.v1"
    (result,) = concluded.data["results"]
    assert (result["agency"], result["state"], result["reason"]) == (A, "failed", "family-declined")


def test_a_referral_concludes_when_the_last_of_its_agencies_has_finished(routing: Routing) -> None:
    family = routing.refers(**BOTH, chosen=[A, B])
    does(routing, family, A, "accept", "start", "complete", reason="intensive")
    assert "referral.concluded" not in routing.facts(family)
    does(routing, family, B, "reject", reason="no-capacity")
    concluded = routing.part.told(family.id)[-1].data
    results = {(each["agency"], each["state"], each["reason"]) for each in concluded["results"]}
    assert results == {(A, "completed", "intensive"), (B, "rejected", "no-capacity")}
    assert routing.facts(family).count("referral.concluded") == 1


def test_a_consultation_is_a_task_without_a_family_and_is_answered(routing: Routing) -> None:
    about: dict[str, Any] = {"kind": "consultation", "children": [], "relationship": None, "stage": None, "consent": []}
    family = routing.refers(borough=KINGSTON, **about)
    task = routing.task_of(family)
    assert (task["kind"], task["children"]) == ("consultation", [])
    does(routing, family, A, "accept", "start", "complete", reason="consultation-given")
    assert routing.facts(family)[-2:] == ["task.completed", "referral.concluded"]


# Room


def test_a_closed_agency_is_passed_over_for_the_next_that_consent_covers(routing: Routing) -> None:
    says(routing, A, "closed")
    assert states(routing, routing.refers(**BOTH, chosen=[A])) == [(B, "requested")]


def test_without_room_anywhere_a_referral_waits_and_is_routed_when_there_is(routing: Routing) -> None:
    says(routing, A, "closed")
    family, other = routing.refers(home=KINGSTON), routing.refers(home=HALTON)
    assert routing.stands(family) == {"status": "under-review", "agencies": [A], "codes": ["no-capacity"]}
    decide_waiting(routing.part.runtime.store)
    assert states(routing, family) == []

    says(routing, A, "open")
    decide_waiting(routing.part.runtime.store)
    assert states(routing, family) == [(A, "requested")]
    assert routing.stands(other)["codes"] == ["rules-need-a-person"]
    assert not routing.part.rows("capacities", decide_again=True)


def test_the_service_finds_by_itself_that_there_is_room(routing: Routing) -> None:
    says(routing, A, "closed")
    family = routing.refers(home=KINGSTON)
    says(routing, A, "waiting-list")
    _, page = routing.asks(A, "/v1/events", after=routing.newest(A), wait=20)
    assert [event["subject"] for event in page["events"]] == [family.id]


def test_a_waiting_list_goes_with_the_task_and_keeps_nobody_out(routing: Routing) -> None:
    today = london_date(routing.part.clock.now())
    until = (today + timedelta(days=30)).isoformat()
    assert says(routing, A, "waiting-list", until=until) == {"state": "waiting-list", "until": until}
    assert routing.asks(A, "/v1/capacity")[1] == {"state": "waiting-list", "until": until}
    family = routing.refers(home=KINGSTON)
    shown = routing.asks(A, f"/v1/tasks/{routing.task_of(family)['id']}")[1]
    assert (shown["capacity"], shown["capacity_until"]) == ("waiting-list", until)
    (told,) = routing.part.told(family.id, audience=A)
    assert (told.data["capacity"], told.data["capacity_until"].isoformat()) == ("waiting-list", until)


def test_closing_takes_nothing_from_an_agency_that_was_asked(routing: Routing) -> None:
    family = routing.refers(**BOTH, chosen=[A])
    says(routing, A, "closed")
    routing.hears(family, family.amended(**BOTH, chosen=[A]))
    assert states(routing, family) == [(A, "requested")]


def test_what_an_agency_says_holds_until_the_day_it_names(routing: Routing) -> None:
    today = london_date(routing.part.clock.now())
    says(routing, A, "closed", until=today.isoformat())
    family = routing.refers(home=KINGSTON)
    routing.part.clock.forward(days=1)
    assert routing.asks(A, "/v1/capacity")[1] == {"state": "open", "until": None}
    decide_waiting(routing.part.runtime.store)
    assert states(routing, family) == [(A, "requested")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "full"}, "not-one-of"),
        ({"state": "closed", "until": "2020-01-01"}, "in-the-past"),
        ({"state": "open", "until": "2099-01-01"}, "invalid"),
    ],
)
def test_room_that_makes_no_sense_is_refused(routing: Routing, body: dict[str, Any], code: str) -> None:
    status, problem = routing.sends("PUT", A, "/v1/capacity", body)
    assert (status, [error["code"] for error in problem["errors"]]) == (422, [code])
    assert routing.asks(A, "/v1/capacity")[1]["state"] == "open"


# Questions


def test_an_agency_asks_and_goes_on_where_it_was_when_the_answer_comes(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    does(routing, family, A, "accept")
    asked = does(routing, family, A, "request-information", items=["school", "told", "school"], note="Which one?")
    assert (asked["state"], asked["reason"], asked["items"]) == ("on-hold", "awaiting-information", ["school", "told"])
    question = routing.part.told(family.id)[-1].data
    assert question == {
        "referral_id": family.id,
        "items": ["school", "told"],
        "agencies": [A],
        "task_id": asked["id"],
    }

    routing.hears(family, family.amended(home=KINGSTON, children=[child(9, school=KINGSTON)]))
    task = routing.task_of(family)
    assert (task["state"], task["reason"], task["items"], task["held_from"]) == ("accepted", None, [], None)
    told = ["referral.routed", "task.accepted", "task.held", "task.resumed"]
    assert routing.facts(family, audience=A) == told
    assert routing.part.rows("moves", task_id=task["id"])[-1]["role"] == "system"


def test_a_hold_of_the_agencys_own_is_not_ended_by_news(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    does(routing, family, A, "hold", reason="awaiting-information")
    routing.hears(family, family.amended(home=KINGSTON))
    assert states(routing, family) == [(A, "on-hold")]


def test_consent_that_comes_while_an_agency_waits_does_not_lose_its_question(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    does(routing, family, A, "request-information", items=["told"])
    routing.hears(family, family.consent_given(A))
    assert routing.facts(family)[-2:] == ["information.requested", "information.requested"]
    assert routing.part.told(family.id)[-1].data["items"] == ["told"]
    assert states(routing, family) == [(A, "on-hold")]


# Duplicates


def test_a_likely_duplicate_is_shown_to_a_person_with_both_and_goes_on_when_that_says_so(routing: Routing) -> None:
    first = routing.refers(home=KINGSTON)
    family = routing.refers(**ONLY_A, duplicates=[first.id])
    assert routing.stands(family) == {"status": "under-review", "agencies": [A], "codes": ["possible-duplicate"]}
    assert routing.part.told(family.id)[-1].data["duplicates"] == [first.id]
    _, review = routing.operates("GET", f"/v1/reviews/{family.id}")
    assert review["duplicates"] == [{"referral_id": first.id, "reference": first.reference}]
    assert (review["reference"], review["may_route_to"]) == (family.reference, [A])

    assert rules(routing, family, "decide-again")[1] == {"status": "routed", "agencies": [A], "codes": []}
    assert states(routing, family) == [(A, "requested")]
    routing.hears(family, family.amended(home=KINGSTON, duplicates=[first.id]))
    assert routing.facts(family)[-1] == "referral.routed"


def test_a_duplicate_that_was_found_later_takes_nothing_from_an_agency_that_has_it(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    routing.hears(family, family.amended(home=KINGSTON, duplicates=[OTHER]))
    assert states(routing, family) == [(A, "requested")]


def test_a_possible_duplicate_that_nobody_can_take_is_told_so(routing: Routing) -> None:
    assert routing.stands(routing.refers(**NOWHERE, duplicates=[OTHER]))["status"] == "not-eligible"


# Persons


def test_a_person_sends_it_to_one_of_several_and_says_why(routing: Routing) -> None:
    family = routing.refers(**BOTH)
    assert family.id in waiting(routing, "several-agencies")
    assert family.id not in waiting(routing, "no-capacity")
    assert rules(routing, family, "route", B)[1] == {"status": "routed", "agencies": [B], "codes": []}
    assert states(routing, family) == [(B, "requested")]
    assert family.id not in waiting(routing)

    (audit,) = routing.part.rows("audit", subject=family.id)
    assert (audit["actor"], audit["action"]) == ("key:test", "review.route")
    (ruling,) = routing.part.rows("rulings", referral_id=family.id)
    assert b"telephone" not in ruling["reason"]
    (shown,) = routing.operates("GET", f"/v1/reviews/{family.id}")[1]["rulings"]
    assert (shown["decision"], shown["agency"], shown["reason"]) == ("route", B, "asked the agency by telephone")


def test_what_a_ruling_would_bring_about_is_told_before_and_one_on_old_news_is_refused(routing: Routing) -> None:
    alike = routing.refers(**ONLY_A, duplicates=[OTHER])
    path = f"/v1/reviews/{alike.id}/outlook"
    assert routing.operates("POST", path, {"decision": "decide-again"})[1]["asks"] == [A]
    says(routing, A, "closed")
    outlook = routing.operates("POST", path, {"decision": "decide-again"})[1]
    assert (outlook["status"], outlook["codes"], outlook["asks"]) == ("under-review", ["no-capacity"], [])

    family = routing.refers(**BOTH)
    path = f"/v1/reviews/{family.id}"
    outlook = routing.operates("POST", f"{path}/outlook", {"decision": "route", "agency": B})[1]
    assert (outlook["status"], outlook["asks"], outlook["takes_back"]) == ("routed", [B], [])
    assert routing.operates("POST", f"{path}/outlook", {"decision": "route", "agency": "nobody"})[0] == 409
    assert states(routing, family) == []
    assert routing.stands(family)["status"] == "under-review"

    routing.hears(family, family.amended(**BOTH))
    ruling = {"actor": "key:test", "decision": "route", "agency": B, "reason": "made up", "basis": outlook["basis"]}
    assert routing.operates("POST", path, ruling)[1]["code"] == "changed-meanwhile"
    ruling["basis"] = routing.operates("GET", path)[1]["basis"]
    assert routing.operates("POST", path, ruling)[0] == 200
    assert states(routing, family) == [(B, "requested")]


def waiting(routing: Routing, reason: str = "") -> list[str]:
    found, cursor = [], ""
    while True:
        chosen = f"&reason={reason}" if reason else ""
        _, page = routing.operates("GET", f"/v1/reviews?limit=100{chosen}{cursor}")
        found += [item["referral_id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_a_person_may_send_where_the_rules_wanted_one_with_the_children_whom_they_leave_open(routing: Routing) -> None:
    children = [child(9), child(3)]
    family = routing.refers(home=HALTON, children=children)
    assert routing.stands(family)["codes"] == ["rules-need-a-person"]
    assert rules(routing, family, "route", B)[0] == 200
    assert routing.task_of(family)["children"] == [children[0]["id"]]


@pytest.mark.parametrize("outside", [A, "not-an-agency"])
def test_not_even_a_person_sends_a_family_where_it_has_not_agreed_to(routing: Routing, outside: str) -> None:
    family = routing.refers(home=HALTON, consent=[B])
    status, problem = rules(routing, family, "route", outside)
    assert (status, problem["code"]) == (409, "cannot-route-there")
    assert states(routing, family) == []


def test_consent_that_ends_undoes_what_a_person_decided(routing: Routing) -> None:
    family = routing.refers(**BOTH)
    rules(routing, family, "route", B)
    routing.hears(family, family.consent_given(A))
    assert states(routing, family) == [(B, "cancelled"), (A, "requested")]


def test_a_person_decides_only_what_waits_for_one(routing: Routing) -> None:
    routed = routing.refers(home=KINGSTON)
    assert rules(routing, routed, "not-eligible")[1]["code"] == "not-under-review"
    gone = routing.refers(**BOTH)
    routing.hears(gone, gone.withdrawn())
    assert rules(routing, gone, "route", B)[1]["code"] == "not-under-review"
    assert rules(routing, Family(), "not-eligible")[0] == 404
    assert rules(routing, routing.refers(**BOTH), "route")[0] == 422


# Anew


def test_a_referral_that_was_reopened_is_decided_with_what_is_known_now(routing: Routing) -> None:
    family = routing.refers(**NOWHERE)
    routing.hears(family, family.reopened(home=KINGSTON))
    assert states(routing, family) == [(A, "requested")]


def test_who_said_no_is_asked_again_only_when_the_referral_was_reopened(routing: Routing) -> None:
    family = routing.refers(**ONLY_A)
    does(routing, family, A, "reject", reason="no-capacity")
    routing.hears(family, family.amended(**ONLY_A))
    assert states(routing, family) == [(A, "rejected")]
    assert rules(routing, family, "not-eligible")[0] == 200
    routing.hears(family, family.reopened(home=KINGSTON))
    assert states(routing, family) == [(A, "rejected"), (A, "requested")]


def test_who_helped_is_asked_again_when_a_closed_referral_is_reopened_with_its_history(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    does(routing, family, A, "accept", "start", "complete", reason="low-level")
    routing.hears(family, family.closed())
    assert routing.stands(family)["status"] == "closed"
    routing.hears(family, family.reopened(home=KINGSTON))
    assert states(routing, family) == [(A, "completed"), (A, "requested")]
    does(routing, family, A, "accept", "start", "complete", reason="group")
    (last,) = routing.part.told(family.id)[-1].data["results"]
    assert last["reason"] == "group"


def test_what_was_closed_before_it_was_reopened_does_not_close_it_again(routing: Routing) -> None:
    family = routing.refers(**NOWHERE)
    closed, reopened = family.closed(), family.reopened(home=KINGSTON)
    routing.hears(family, reopened)
    routing.hears(family, closed)
    assert states(routing, family) == [(A, "requested")]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Family.withdrawn, "referral-withdrawn"),
        (Family.closed, "referral-closed"),
        (Family.entered_in_error, "entered-in-error"),
        (lambda family: family.consent_expired(A, B), "consent-withdrawn"),
    ],
)
def test_every_end_recalls_from_the_agency_at_once(routing: Routing, end: Any, reason: str) -> None:
    family = routing.refers(home=KINGSTON)
    does(routing, family, A, "accept", "start")
    routing.hears(family, end(family))
    assert states(routing, family) == [(A, "cancelled")]
    assert routing.facts(family, audience=A)[-1] == "task.recalled"
    assert routing.part.told(family.id, audience=A)[-1].data["reason"] == reason
