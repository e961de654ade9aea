"""What an agency and the services are told of a referral, and what routing keeps of it: on both pairs."""

from collections.abc import Iterator
from datetime import date

import pytest

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.routing.handlers import HANDLERS as ROUTING_HANDLERS
from services.routing.service import RoutingService
from tests.support.deciding import HULL, KINGSTON, LIVERPOOL, PAIRS, Family, Part, child, pair_in

A, B = "families-apart", "time-matters"


class System:
    """Routing, told of everything in order; eligibility answers in between."""

    def __init__(self, routing: Part, eligibility: Part) -> None:
        self.routing, self.eligibility = routing, eligibility

    def hears(self, family: Family, *bodies: bytes) -> None:
        before = len(self.eligibility.bodies(family.id))
        self.eligibility.take(*bodies)
        self.routing.take(*bodies, *self.eligibility.bodies(family.id)[before:])

    def tasks(self, family: Family) -> list[dict]:
        return self.routing.rows("tasks", referral_id=family.id)


@pytest.fixture(scope="module", params=PAIRS)
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("routing")
    pair = pair_in(request, folder)
    routing = Part(pair, folder, RoutingService, ROUTING_HANDLERS)
    eligibility = Part(pair, folder, EligibilityService, ELIGIBILITY_HANDLERS)
    yield System(routing, eligibility)
    routing.close()
    eligibility.close()


def test_services_and_agency_are_told_of_the_task_with_its_due_dates_and_a_link(system: System) -> None:
    family, children = Family(), [child(4), child(9), child(17)]
    system.hears(family, family.submitted(home=LIVERPOOL, children=children))

    (for_services,) = system.routing.told(family.id)
    (for_agency,) = system.routing.told(family.id, audience=B)
    (task,) = system.tasks(family)
    assert for_services.type == for_agency.type == "uk.waypost.routing.referral.routed.v1"
    assert for_services.data == for_agency.data
    assert for_agency.data == {
        "referral_id": family.id,
        "reference": family.reference,
        "kind": "family-support",
        "agency": B,
        "task_id": task["id"],
        "children": [children[1]["id"], children[2]["id"]],
        "acknowledge_by": date(2026, 11, 24),
        "decide_by": date(2026, 11, 27),
        "contact_by": date(2026, 12, 4),
        "link": f"http://127.0.0.1:8001/v1/tasks/{task['id']}",
        "capacity": "open",
        "capacity_until": None,
    }
    assert system.routing.told(family.id, audience=A) == []


def test_what_is_told_can_be_followed_back_to_its_cause(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON))
    (assessed,) = system.eligibility.told(family.id)
    (routed,) = system.routing.told(family.id)
    assert routed.causation_id == assessed.id
    assert routed.correlation_id == assessed.correlation_id


def test_the_task_keeps_the_receipt_that_says_why(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON))
    (task,) = system.tasks(family)
    assert task["receipt"]["outcome"] == "eligible"
    assert "Be residents of the Kingston Borough" in [clause["sentence"] for clause in task["receipt"]["clauses"]]


def test_every_move_of_a_task_is_kept(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON))
    system.hears(family, family.withdrawn())
    (task,) = system.tasks(family)
    moves = system.routing.rows("moves", task_id=task["id"])
    assert [(move["state"], move["action"], move["next"], move["reason"]) for move in moves] == [
        ("new", "request", "requested", None),
        ("requested", "cancel", "cancelled", "referral-withdrawn"),
    ]


def test_a_withdrawal_recalls_from_the_agency_and_tells_the_services(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON))
    system.hears(family, family.withdrawn())

    (task,) = system.tasks(family)
    about = {"referral_id": family.id, "agency": A, "task_id": task["id"], "reason": "referral-withdrawn"}
    assert (task["state"], task["reason"]) == ("cancelled", "referral-withdrawn")
    assert [event.data for event in system.routing.told(family.id)[1:]] == [about]
    recalled = system.routing.told(family.id, audience=A)[-1]
    assert recalled.type == "uk.waypost.routing.task.recalled.v1"
    assert recalled.data == about


def test_nothing_after_a_withdrawal_brings_a_task_back(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON))
    system.hears(family, family.withdrawn())
    told = len(system.routing.told(family.id))
    system.hears(family, family.consent_given(A, B))
    system.hears(family, family.amended(home=LIVERPOOL))
    assert [task["state"] for task in system.tasks(family)] == ["cancelled"]
    assert len(system.routing.told(family.id)) == told


def test_who_cannot_be_helped_is_signposted(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=HULL, children=[child(9, school=HULL, practice=HULL)]))
    (told,) = system.routing.told(family.id)
    assert told.type == "uk.waypost.routing.referral.not-eligible.v1"
    assert told.data["signposts"] == ["prisoners-families-helpline"]


def test_an_answer_that_stays_the_same_is_told_to_whoever_supplied_something_and_once(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON, consent=[B]))
    amended = family.amended(home=KINGSTON, consent=[B])
    system.hears(family, amended)
    system.hears(family, amended)
    told = system.routing.told(family.id)
    assert [(asked.data["items"], asked.data["agencies"]) for asked in told] == [(["consent"], [A])] * 2


def test_a_child_that_was_added_later_is_seen_at_the_task(system: System) -> None:
    family, first, second = Family(), child(9), child(11)
    system.hears(family, family.submitted(home=KINGSTON, children=[first]))
    system.hears(family, family.amended(home=KINGSTON, children=[first, second]))
    (task,) = system.tasks(family)
    assert task["children"] == [first["id"], second["id"]]
    assert set(task["receipt"]["children"]) == {first["id"], second["id"]}


def test_the_same_message_again_has_no_second_effect(system: System) -> None:
    family = Family()
    body = family.submitted(home=KINGSTON)
    system.hears(family, body)
    system.routing.take(body, *system.eligibility.bodies(family.id))
    assert len(system.tasks(family)) == 1
    assert len(system.routing.told(family.id)) == 1


def test_events_about_one_referral_are_numbered_in_the_order_of_writing(system: System) -> None:
    family = Family()
    system.hears(family, family.submitted(home=KINGSTON))
    system.hears(family, family.withdrawn())
    rows = system.routing.rows("outbox", subject=family.id)
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4]


def test_an_agency_that_the_directory_does_not_have_yet_waits_and_blocks_nobody(system: System) -> None:
    family, other = Family(), Family()
    system.eligibility.take(family.submitted(home=KINGSTON))
    unknown = [
        body.replace(b'"agency":"families-apart"', b'"agency":"not-here-yet"') for body in bodies(system, family)
    ]
    system.hears(other, other.submitted(home=KINGSTON))
    family.sequence = 0
    system.routing.take(family.submitted(home=KINGSTON, consent=["not-here-yet"]), *unknown)

    assert system.tasks(family) == []
    assert [failure["error"] for failure in system.routing.failures if failure["subject"] == family.id] == ["KeyError"]
    assert len(system.tasks(other)) == 1


def bodies(system: System, family: Family) -> list[bytes]:
    return system.eligibility.bodies(family.id)


def test_a_referral_that_is_heard_of_decided_and_withdrawn_at_once_is_recalled(system: System) -> None:
    """All in one batch, in which nothing is written before its end."""
    family = Family()
    submitted = family.submitted(home=KINGSTON)
    system.eligibility.take(submitted)
    system.routing.take(submitted, *system.eligibility.bodies(family.id), family.withdrawn())

    (task,) = system.tasks(family)
    assert (task["agency"], task["state"]) == (A, "cancelled")
    told = [event.type for event in system.routing.told(family.id, audience=A)]
    assert told == ["uk.waypost.routing.referral.routed.v1", "uk.waypost.routing.task.recalled.v1"]
    assert system.routing.rows("referrals", referral_id=family.id)[0]["ended"] == "withdrawn"
