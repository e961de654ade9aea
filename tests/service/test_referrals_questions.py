"""Two agencies have a referral, and one asks the referrer: where it stands until nobody waits for an answer any more."""

from collections.abc import Iterator

import pytest

from shared.contracts.envelope import EventSchema
from shared.contracts.routing import InformationRequested, TaskCancelled, TaskHeld, TaskResumed
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_consent, routed, said

ONE, OTHER = "families-apart", "time-matters"


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    folder = tmp_path_factory.mktemp("referrals")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


class Asked:
    """A referral that both agencies have."""

    def __init__(self, desk: ReferralsDesk) -> None:
        self.desk = desk
        self.id = desk.refer(consent=a_consent(agencies=[ONE, OTHER]))
        self._sequence = 2
        desk.take(routed(self.id, 1, ONE), routed(self.id, 2, OTHER))
        entries = [entry["detail"] for entry in desk.timeline(self.id) if entry["type"] == "routed"]
        self._tasks = {detail["agency"]: detail["task_id"] for detail in entries}

    def hears(self, schema: type[EventSchema], agency: str, state: str, reason: str | None = None) -> str:
        """Where the referral stands once it has heard that the agency's task was moved."""
        self._sequence += 1
        about = {"agency": agency, "task_id": self._tasks[agency], "reason": reason}
        moved = {} if schema is TaskCancelled else {"state": state}
        self.desk.take(said(schema, self.id, self._sequence, **about, **moved))
        return self.desk.status(self.id)

    def is_asked(self, agency: str) -> str:
        self.hears(TaskHeld, agency, "on-hold", "awaiting-information")
        self._sequence += 1
        about = {"items": ["told"], "agencies": [agency], "task_id": self._tasks[agency]}
        self.desk.take(said(InformationRequested, self.id, self._sequence, **about))
        return self.desk.status(self.id)


def test_another_agency_that_goes_on_answers_no_question(desk: ReferralsDesk) -> None:
    referral = Asked(desk)
    assert referral.is_asked(ONE) == "information-requested"
    referral.hears(TaskHeld, OTHER, "on-hold", "waiting-list")
    assert referral.hears(TaskResumed, OTHER, "requested") == "information-requested"
    assert referral.hears(TaskResumed, ONE, "requested") == "routed"


def test_of_two_questions_both_must_be_answered(desk: ReferralsDesk) -> None:
    referral = Asked(desk)
    assert [referral.is_asked(ONE), referral.is_asked(OTHER)] == ["information-requested"] * 2
    assert referral.hears(TaskResumed, OTHER, "requested") == "information-requested"
    assert referral.hears(TaskResumed, ONE, "requested") == "routed"


def test_a_question_ends_with_its_task_and_whoever_else_has_the_referral_goes_on(desk: ReferralsDesk) -> None:
    referral = Asked(desk)
    referral.is_asked(ONE)
    given = desk.post(f"/v1/referrals/{referral.id}/consent", {"given": a_consent(agencies=[OTHER])})
    assert given["status"] == "screening"
    assert referral.hears(TaskCancelled, ONE, "cancelled", "consent-withdrawn") == "routed"
