"""What agencies answer reaches the referrer: in the state of the referral, and in words; on both pairs."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.routing.domain import tasks as table
from shared.contracts.envelope import EventSchema
from shared.contracts.routing import (
    InformationRequested,
    ReferralConcluded,
    ReferralUnderReview,
    TaskAccepted,
    TaskCompleted,
    TaskFailed,
    TaskHeld,
    TaskRejected,
    TaskResumed,
)
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, routed, said

AGENCY = "families-apart"


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    folder = tmp_path_factory.mktemp("referrals")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def moved(schema: type[EventSchema], referral_id: str, sequence: int, state: str, reason: str | None = None) -> bytes:
    about: dict[str, Any] = {"agency": AGENCY, "task_id": "task-1", "state": state, "reason": reason}
    return said(schema, referral_id, sequence, **about)


def concluded(referral_id: str, sequence: int) -> bytes:
    result = {"agency": AGENCY, "task_id": "task-1", "state": "completed", "reason": "mentoring"}
    return said(ReferralConcluded, referral_id, sequence, results=[result])


def asked_by_agency(referral_id: str, sequence: int) -> bytes:
    return said(InformationRequested, referral_id, sequence, items=["told"], agencies=[AGENCY], task_id="task-1")


def test_a_referral_is_closed_when_nothing_is_left_to_try_and_everybody_hears(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.take(routed(referral_id, 1), moved(TaskAccepted, referral_id, 2, "accepted"))
    assert desk.status(referral_id) == "routed"
    desk.take(moved(TaskCompleted, referral_id, 3, "completed", "mentoring"), concluded(referral_id, 4))
    assert desk.status(referral_id) == "closed"
    closed = [event for event in desk.told(referral_id) if event.type.endswith("referral.closed.v1")]
    assert [event.data["reason"] for event in closed] == ["tasks-ended"]
    texts = [entry["text"] for entry in desk.timeline(referral_id)]
    assert texts[-3:] == [
        "Families Apart takes the referral.",
        "Families Apart has finished: mentoring.",
        "Every agency that was asked has finished.",
    ]


def test_a_conclusion_that_comes_late_closes_nothing_and_tells_nobody(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"})
    desk.take(concluded(referral_id, 4))
    assert desk.status(referral_id) == "withdrawn"
    assert not [event for event in desk.told(referral_id) if event.type.endswith("referral.closed.v1")]


def test_an_agencys_question_is_answered_without_starting_again(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    held = moved(TaskHeld, referral_id, 2, "on-hold", "awaiting-information")
    desk.take(routed(referral_id, 1), held, asked_by_agency(referral_id, 3))
    assert desk.status(referral_id) == "information-requested"
    answer = desk.post(f"/v1/referrals/{referral_id}/information", {"home": {"postcode": "KT1 1AB"}})
    assert answer["status"] == "screening"
    desk.take(moved(TaskResumed, referral_id, 4, "accepted"))
    assert desk.status(referral_id) == "routed"


def test_after_the_last_rejection_a_person_decides(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    rejected = moved(TaskRejected, referral_id, 2, "rejected", "no-capacity")
    review = said(ReferralUnderReview, referral_id, 3, reasons=["rejected"], agencies=[AGENCY])
    desk.take(routed(referral_id, 1), rejected, review)
    assert desk.status(referral_id) == "under-review"
    assert "Families Apart cannot take the referral: it has no free place." in [
        entry["text"] for entry in desk.timeline(referral_id)
    ]


def test_that_somebody_else_referred_the_child_is_not_shown_to_the_referrer(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    other = "019aa2f0-5c07-7abc-8def-0123456789ab"
    desk.take(
        said(ReferralUnderReview, referral_id, reasons=["possible-duplicate"], agencies=[AGENCY], duplicates=[other])
    )
    assert desk.status(referral_id) == "under-review"
    shown = repr(desk.timeline(referral_id)) + repr(desk.get(referral_id))
    assert "duplicate" not in shown
    assert other not in shown


@pytest.mark.parametrize(
    ("schema", "reasons"),
    [
        (TaskRejected, table.WHY_REJECTED),
        (TaskHeld, table.WHY_HELD),
        (TaskCompleted, table.HOW_COMPLETED),
        (TaskFailed, table.WHY_FAILED),
    ],
)
def test_every_reason_has_words(desk: ReferralsDesk, schema: type[EventSchema], reasons: tuple[str, ...]) -> None:
    referral_id = desk.refer()
    desk.take(*(moved(schema, referral_id, number, "any", reason) for number, reason in enumerate(reasons, start=1)))
    texts = [entry["text"] for entry in desk.timeline(referral_id)][-len(reasons) :]
    assert len(set(texts)) == len(reasons)
    assert not [text for text, reason in zip(texts, reasons, strict=True) if "-" in reason and f" {reason}." in text]
