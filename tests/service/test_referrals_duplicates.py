"""A child that is referred twice, by a school and a GP perhaps, is seen as such; nobody is refused for it."""

from collections.abc import Iterator
from typing import Any

import eventlet
import pytest

from shared.contracts.referrals import ReferralAmended, ReferralReopened
from shared.contracts.routing import ReferralConcluded
from shared.ids import new_id
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import OTHER_KEY, ReferralsDesk, a_child, a_consultation, a_referral, routed, said


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    """One for all tests here: each child is its own."""
    folder = tmp_path_factory.mktemp("duplicates")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def a_new_child(**about: Any) -> dict[str, Any]:
    return a_child(last_name=new_id(), **about)


def refers(desk: ReferralsDesk, *children: dict[str, Any], **about: Any) -> str:
    return desk.refer(children=list(children), **about)


def duplicates(desk: ReferralsDesk, referral_id: str) -> list[str]:
    """Which others the newest facts of a referral tell of."""
    found: list[str] = desk.told(referral_id)[-1].data["possible_duplicates"]
    return found


def test_a_child_that_somebody_else_referred_is_found_however_the_name_is_written(desk: ReferralsDesk) -> None:
    child = a_new_child(first_name="Zoë")
    first = refers(desk, child)

    answer = desk.post("/v1/referrals", a_referral(children=[child | {"first_name": " ZOE"}]), OTHER_KEY)

    assert answer["http_status"] == 201
    assert duplicates(desk, answer["id"]) == [first]
    assert duplicates(desk, first) == []


def test_a_child_of_another_day_or_name_is_another_child(desk: ReferralsDesk) -> None:
    child = a_new_child()
    refers(desk, child)

    assert duplicates(desk, refers(desk, child | {"date_of_birth": "2017-03-15"})) == []
    assert duplicates(desk, refers(desk, child | {"first_name": "Twin"})) == []


def test_one_sibling_is_enough(desk: ReferralsDesk) -> None:
    shared = a_new_child()
    first, second = refers(desk, shared, a_new_child()), refers(desk, a_new_child())

    third = refers(desk, a_new_child(), shared)

    assert duplicates(desk, third) == [first]
    assert duplicates(desk, second) == []


def test_a_referral_that_has_ended_is_no_duplicate(desk: ReferralsDesk) -> None:
    child = a_new_child()
    withdrawn, wrong, closed = (refers(desk, child) for _ in range(3))
    desk.post(f"/v1/referrals/{withdrawn}/withdrawal", {"reason": "other"})
    desk.post(f"/v1/referrals/{wrong}/entered-in-error", {"reason": "made-twice"})
    desk.take(routed(closed, 1), said(ReferralConcluded, closed, 2, results=[]))

    assert duplicates(desk, refers(desk, child)) == []


def test_one_that_waits_for_agreement_counts(desk: ReferralsDesk) -> None:
    child = a_new_child()
    waiting = refers(desk, child, consent=None)

    assert duplicates(desk, refers(desk, child)) == [waiting]


def test_at_most_five_are_told(desk: ReferralsDesk) -> None:
    child = a_new_child()
    others = [refers(desk, child) for _ in range(7)]

    found = duplicates(desk, refers(desk, child))

    assert len(found) == 5
    assert set(found) < set(others)


def test_of_those_that_are_taken_at_the_same_moment_the_later_see_the_earlier(desk: ReferralsDesk) -> None:
    child = a_new_child()
    pool = eventlet.GreenPool()

    ids = list(pool.imap(lambda _: refers(desk, child), range(4)))

    seen = sorted(len(duplicates(desk, referral_id)) for referral_id in ids)
    assert seen == [0, 1, 2, 3]


def test_one_that_is_refused_takes_part_in_nothing(desk: ReferralsDesk) -> None:
    child, taken = a_new_child(), new_id()
    first = desk.post("/v1/referrals", a_referral(children=[child]), once=taken)["id"]
    pool = eventlet.GreenPool()

    def again(once: str) -> dict[str, Any]:
        return desk.post("/v1/referrals", a_referral(children=[child]), once=once)

    repeated, new = pool.imap(again, [taken, new_id()])

    assert repeated["id"] == first
    assert duplicates(desk, new["id"]) == [first]


def test_a_name_that_is_mended_later_is_looked_for_then(desk: ReferralsDesk) -> None:
    child = a_new_child()
    first, second = refers(desk, child), refers(desk, child | {"first_name": "Misspelt"})
    (misspelt,) = desk.get(second)["referral"]["children"]

    body = {"children": [{"id": misspelt["id"], "first_name": child["first_name"]}]}
    desk.post(f"/v1/referrals/{second}/information", body)

    assert desk.told(second)[-1].type == ReferralAmended.type()
    assert duplicates(desk, second) == [first]


def test_a_referral_that_is_reopened_tells_of_one_made_since(desk: ReferralsDesk) -> None:
    child = a_new_child()
    old = refers(desk, child)
    desk.take(routed(old, 1), said(ReferralConcluded, old, 2, results=[]))
    new = refers(desk, child)

    desk.post(f"/v1/referrals/{old}/reopen", {"reason": "other"})

    assert desk.told(old)[-1].type == ReferralReopened.type()
    assert duplicates(desk, old) == [new]


def test_a_consultation_has_none(desk: ReferralsDesk) -> None:
    assert duplicates(desk, desk.post("/v1/referrals", a_consultation())["id"]) == []
