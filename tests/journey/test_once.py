"""A request that is sent again has its effect once."""

from shared.ids import new_id
from tests.support.callers import World
from tests.support.families import HULL, family


def test_the_same_key_with_the_same_body_gets_the_first_answer_and_one_agency_hears_once(world: World) -> None:
    key, body = new_id(), family()
    first = world.referrer.post(body, idempotency_key=key)

    again = world.referrer.post(body, idempotency_key=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    referral_id, reference = first.json()["id"], first.json()["reference"]
    world.families_apart.wait_for(referral_id, "referral.routed")
    world.wait_until_quiet()
    events = [event for event in world.families_apart.heard if event["data"].get("reference") == reference]
    assert [event["subject"] for event in events] == [referral_id]


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(world: World) -> None:
    key = new_id()
    first = world.referrer.post(family(), idempotency_key=key)
    before = len(world.referrer.every())

    other = world.referrer.post(family(home=HULL), idempotency_key=key)

    assert (first.status_code, other.status_code) == (201, 422)
    assert other.headers["Content-Type"] == "application/problem+json"
    assert len(world.referrer.every()) == before
    assert world.referrer.one(first.json()["id"])["referral"]["home"]["postcode"] == "KT1 1AA"


def test_two_organisations_may_use_the_same_key(world: World) -> None:
    key = new_id()

    answers = [who.post(family(), idempotency_key=key) for who in (world.referrer, world.stranger)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]
