"""What an agency replays after it had to stop tells nothing of the family any more; what it may still know stays as it was."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.routing.feed import Feed
from shared.contracts.envelope import EventSchema
from shared.contracts.referrals import ConsentExpired, ReferralEnteredInError
from tests.support.agencies import A, B, Routing, running_routing
from tests.support.deciding import KINGSTON, LIVERPOOL, PAIRS, Family

ROUTED, RECALLED = "uk.waypost.routing.referral.routed.v1", "uk.waypost.routing.task.recalled.v1"


@pytest.fixture(scope="module", params=PAIRS)
def routing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routing]:
    with running_routing(request, tmp_path_factory.mktemp("tombstones")) as running:
        yield running


def told(routing: Routing, family: Family, agency: str = A) -> list[dict[str, Any]]:
    """What the agency's feed has of a referral, from its first event on."""
    routing.newest(agency)
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while (page := routing.asks(agency, "/v1/events", limit=100, **cursor)[1])["events"]:
        found += [event for event in page["events"] if event["subject"] == family.id]
        cursor = {"after": page["next"]}
    return found


def is_tombstone(event: dict[str, Any]) -> bool:
    return bool(event["data"].get("tombstone"))


def test_a_replay_after_consent_was_withdrawn_shows_a_tombstone_where_the_family_was(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    (before,) = told(routing, family)
    routing.hears(family, family.consent_withdrawn(A, B))

    routed, recalled = told(routing, family)

    task_id = routing.task_of(family)["id"]
    assert routed["data"] == {"referral_id": family.id, "task_id": task_id, "tombstone": True}
    same = ("id", "type", "time", "subject", "sequence", "source")
    assert {name: routed[name] for name in same} == {name: before[name] for name in same}
    assert (recalled["type"], recalled["data"]["reason"]) == (RECALLED, "consent-withdrawn")


def test_a_withdrawn_referral_is_replayed_as_a_tombstone(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    routing.hears(family, family.withdrawn())

    assert [(event["type"], is_tombstone(event)) for event in told(routing, family)] == [
        (ROUTED, True),
        (RECALLED, False),
    ]


@pytest.mark.parametrize(
    ("schema", "data"),
    [(ConsentExpired, {"consent_id": "1", "scope": [A, B]}), (ReferralEnteredInError, {"reason": "wrong-family"})],
    ids=["consent-expired", "entered-in-error"],
)
def test_an_end_that_comes_after_the_work_was_done_ends_what_can_be_replayed_of_it(
    routing: Routing, schema: type[EventSchema], data: dict[str, Any]
) -> None:
    family = routing.refers(home=KINGSTON)
    task_id = routing.task_of(family)["id"]
    for action, said in (("accept", {}), ("start", {}), ("complete", {"reason": "group"})):
        status, answer = routing.acts(A, task_id, action, **said)
        assert status == 200, answer
    assert not any(is_tombstone(event) for event in told(routing, family))

    routing.hears(family, family._event(schema, data))

    assert routing.task_of(family)["state"] == "completed"
    assert all(is_tombstone(event) for event in told(routing, family))


def test_another_agency_that_consent_still_covers_is_told_as_before(routing: Routing) -> None:
    kingston = routing.refers(home=KINGSTON)
    liverpool = routing.refers(home=LIVERPOOL)
    routing.hears(kingston, kingston.consent_given(B))

    assert [is_tombstone(event) for event in told(routing, kingston)] == [True, False]
    assert [is_tombstone(event) for event in told(routing, liverpool, B)] == [False]


def test_agreement_given_again_shows_the_new_task_and_not_the_recalled_one(routing: Routing) -> None:
    family = routing.refers(home=KINGSTON)
    routing.hears(family, family.consent_withdrawn(A, B))
    routing.hears(family, family.consent_given(A))

    first, recalled, second = told(routing, family)

    assert (first["type"], recalled["type"], second["type"]) == (ROUTED, RECALLED, ROUTED)
    assert (is_tombstone(first), is_tombstone(second)) == (True, False)


def test_a_consultation_needs_no_consent_to_be_replayed(routing: Routing) -> None:
    family = routing.refers(
        kind="consultation", children=[], consent=[], relationship=None, stage=None, borough=KINGSTON
    )

    assert [is_tombstone(event) for event in told(routing, family)] == [False]


def test_webhooks_read_the_same(routing: Routing) -> None:
    """They send what `Feed.read` gives, also when they try again days later."""
    family = routing.refers(home=KINGSTON)
    routing.hears(family, family.withdrawn())
    routing.newest(A)
    (routed,) = routing.part.rows("outbox", subject=family.id, audience=A, type=ROUTED)

    ((_, body),) = Feed(routing.part.runtime.store).read(A, routed["position"] - 1, 1)

    assert b"tombstone" in body
    assert family.reference.encode() not in body
