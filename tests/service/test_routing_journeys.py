"""Each journey that ends in routing, from event bytes in to tasks and outbox rows out, in many orders, on both pairs.

Eligibility assesses what `referrals` told; routing then hears of both in order, reversed, shuffled, one by one and in
one batch. Every order has to end the same, and what was told along the way has to agree with it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.routing.handlers import HANDLERS as ROUTING_HANDLERS
from services.routing.service import RoutingService
from tests.support.deciding import (
    ELMBRIDGE,
    HALTON,
    HULL,
    KINGSTON,
    LIVERPOOL,
    PAIRS,
    RICHMOND,
    Family,
    Part,
    child,
    pair_in,
)
from tests.support.pairs import Pair

A, B = "families-apart", "time-matters"
BOTH_PLACES = {"home": KINGSTON, "children": [child(9, school=LIVERPOOL)]}
CONSULTATION: dict[str, Any] = {
    "kind": "consultation",
    "children": [],
    "relationship": None,
    "stage": None,
    "consent": [],
}


@dataclass
class Journey:
    """What the family's referral goes through, and where it must end."""

    name: str
    happens: Callable[[Family], list[bytes]]
    open: set[str] = field(default_factory=set)
    status: str = "routed"
    agencies: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def just(**about: Any) -> Callable[[Family], list[bytes]]:
    return lambda family: [family.submitted(**about)]


JOURNEYS = [
    Journey("a Kingston home", just(home=KINGSTON), {A}),
    Journey("a Kingston school with a home in Surrey", just(home=ELMBRIDGE, children=[child(9, school=KINGSTON)]), {A}),
    Journey("a Kingston GP with a home in Richmond", just(home=RICHMOND, children=[child(9, practice=KINGSTON)]), {A}),
    Journey("Merseyside, children of 4, 9 and 17", just(home=LIVERPOOL, children=[child(4), child(9), child(17)]), {B}),
    Journey("Halton", just(home=HALTON), status="under-review", agencies=(B,), codes=("rules-need-a-person",)),
    Journey(
        "Kingston upon Hull, and all is known",
        just(home=HULL, children=[child(9, school=HULL, practice=HULL)]),
        status="not-eligible",
        codes=("no-eligible-agency",),
    ),
    Journey(
        "Kingston upon Hull, school and GP not known",
        just(home=HULL),
        status="information-requested",
        agencies=(A, B),
        codes=("school", "practice"),
    ),
    Journey(
        "eligible for both, no choice",
        just(**BOTH_PLACES),
        status="under-review",
        agencies=(A, B),
        codes=("several-agencies",),
    ),
    Journey("eligible for both, one chosen", just(**BOTH_PLACES, chosen=[B]), {B}),
    Journey("eligible for both, both chosen", just(**BOTH_PLACES, chosen=[B, A]), {A, B}),
    Journey("no consent", just(home=KINGSTON, consent=[]), status="awaiting-consent"),
    Journey(
        "no consent, given later",
        lambda family: [family.submitted(home=KINGSTON, consent=[]), family.consent_given(A)],
        {A},
    ),
    Journey(
        "consent for another agency only",
        just(home=KINGSTON, consent=[B]),
        status="information-requested",
        agencies=(A,),
        codes=("consent",),
    ),
    Journey(
        "consent withdrawn",
        lambda family: [family.submitted(home=KINGSTON), family.consent_withdrawn(A, B)],
        status="awaiting-consent",
    ),
    Journey(
        "consent narrowed",
        lambda family: [family.submitted(**BOTH_PLACES, chosen=[A, B]), family.consent_given(A)],
        {A},
    ),
    Journey(
        "consent withdrawn and given again",
        lambda family: [family.submitted(home=KINGSTON), family.consent_withdrawn(A), family.consent_given(A)],
        {A},
    ),
    Journey(
        "withdrawn while routing",
        lambda family: [family.submitted(home=KINGSTON), family.withdrawn()],
        status="withdrawn",
    ),
    Journey(
        "released four months ago",
        just(home=KINGSTON, stage="released", months=4, children=[child(9, school=KINGSTON)]),
        status="not-eligible",
        codes=("no-eligible-agency",),
    ),
    Journey("a consultation", just(borough=KINGSTON, **CONSULTATION), {A}),
    Journey(
        "a consultation about another borough",
        just(borough=HULL, **CONSULTATION),
        status="not-eligible",
        codes=("no-eligible-agency",),
    ),
    Journey(
        "information supplied later",
        lambda family: [family.submitted(home=None), family.amended(home=KINGSTON)],
        {A},
    ),
    Journey(
        "moved away before anybody answered",
        lambda family: [family.submitted(home=KINGSTON), family.amended(home=LIVERPOOL)],
        {B},
    ),
]


class System:
    """Eligibility and routing, with the messages between them handed over by the test."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.eligibility = Part(pair, folder, EligibilityService, ELIGIBILITY_HANDLERS)
        self.routing = Part(pair, folder, RoutingService, ROUTING_HANDLERS)

    def messages(self, journey: Journey) -> tuple[Family, list[bytes]]:
        """All that routing will hear: what `referrals` told, and what eligibility makes of it."""
        family = Family()
        told = journey.happens(family)
        self.eligibility.take(*told)
        return family, told + self.eligibility.bodies(family.id)

    def close(self) -> None:
        self.eligibility.close()
        self.routing.close()


@pytest.fixture(scope="module", params=PAIRS)
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One for all journeys: each referral is its own."""
    folder = tmp_path_factory.mktemp("journeys")
    parts = System(pair_in(request, folder), folder)
    yield parts
    parts.close()


def one_by_one(routing: Part, messages: Sequence[bytes]) -> None:
    for message in messages:
        routing.take(message)


def in_one_batch(routing: Part, messages: Sequence[bytes]) -> None:
    routing.take(*messages)


def shuffled(seed: int) -> Callable[[Sequence[bytes]], list[bytes]]:
    return lambda messages: random.Random(seed).sample(list(messages), len(messages))


ORDERS: list[tuple[Callable[[Sequence[bytes]], Sequence[bytes]], Callable[[Part, Sequence[bytes]], None]]] = [
    (list, one_by_one),
    (list, in_one_batch),
    (lambda messages: list(reversed(messages)), one_by_one),
    (lambda messages: [*reversed(messages), *messages], in_one_batch),
    (shuffled(1), one_by_one),
    (shuffled(2), one_by_one),
    (shuffled(3), in_one_batch),
]


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_every_journey_ends_where_it_should_in_every_order(system: System, journey: Journey) -> None:
    for order, handed_over in ORDERS:
        family, messages = system.messages(journey)
        handed_over(system.routing, order(messages))
        check_end(system.routing, family, journey)
    assert system.routing.failures == []


def check_end(routing: Part, family: Family, journey: Journey) -> None:
    tasks = routing.rows("tasks", referral_id=family.id)
    still_open = [task for task in tasks if task["state"] == "requested"]
    assert {task["agency"] for task in still_open} == journey.open
    assert len(still_open) == len(journey.open)
    assert all(task["state"] in ("requested", "cancelled") for task in tasks)

    (referral,) = routing.rows("referrals", referral_id=family.id)
    agencies = tuple(sorted(journey.open)) if journey.status == "routed" else journey.agencies
    assert {name: value for name, value in referral["decision"].items() if name != "basis"} == {
        "status": journey.status,
        "agencies": list(agencies),
        "codes": list(journey.codes),
    }
    check_told(routing, family, tasks, journey)


def check_told(routing: Part, family: Family, tasks: list[dict[str, Any]], journey: Journey) -> None:
    """Each task was told once to the services and once to its agency, and so was its end; the decision came last."""
    told = routing.told(family.id)
    ended = {task["id"] for task in tasks if task["state"] == "cancelled"}
    assert sorted(task_ids(told, "referral.routed")) == sorted(task["id"] for task in tasks)
    assert sorted(task_ids(told, "task.cancelled")) == sorted(ended)
    for agency in (A, B):
        own = {task["id"] for task in tasks if task["agency"] == agency}
        heard = routing.told(family.id, audience=agency)
        assert sorted(task_ids(heard, "referral.routed")) == sorted(own)
        assert sorted(task_ids(heard, "task.recalled")) == sorted(own & ended)
        assert len(heard) == len(own) + len(own & ended)
    if journey.status in LAST_TOLD:
        assert told[-1].type.removesuffix(".v1").endswith(LAST_TOLD[journey.status])


LAST_TOLD = {
    "under-review": "referral.under-review",
    "not-eligible": "referral.not-eligible",
    "information-requested": "information.requested",
}


def task_ids(events: list[Any], fact: str) -> list[str]:
    return [event.data["task_id"] for event in events if event.type.endswith(f".{fact}.v1")]
