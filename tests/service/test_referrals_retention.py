"""The directory's periods: who goes when, who is kept, and that nobody goes who is held or whom somebody still works on."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.referrals import retention
from services.referrals.erasing import erase
from shared.directory.retention import Period
from shared.http.problems import Problem
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_consent

OFFICER = "key:officer"


@pytest.fixture(params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    folder = tmp_path_factory.mktemp("retention")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def reference_of(desk: ReferralsDesk, referral_id: str) -> str:
    return str(desk.rows("referrals", id=referral_id)[0]["reference"])


def ended(desk: ReferralsDesk, how: str) -> str:
    referral_id = desk.refer(consent=None)
    desk.post(f"/v1/referrals/{referral_id}/{how}", {"reason": "other"})
    return referral_id


def test_each_end_has_its_period_and_nothing_goes_before(desk: ReferralsDesk) -> None:
    store = desk.runtime.store
    wrong, withdrawn, open_one = ended(desk, "entered-in-error"), ended(desk, "withdrawal"), desk.refer()
    desk.clock.forward(days=29)
    assert retention.preview(store)["counts"] == {}

    desk.clock.forward(days=1)
    found = retention.preview(store)
    assert [(item["reference"], item["rule"]) for item in found["items"]] == [
        (reference_of(desk, wrong), "entered-in-error")
    ]
    assert desk.status(wrong) == "entered-in-error"

    assert retention.run(store) == 1
    assert (desk.status(wrong), desk.status(withdrawn), desk.status(open_one)) == ("erased", "withdrawn", "screening")
    desk.clock.forward(days=200)
    assert retention.run(store, OFFICER) == 1
    assert (desk.status(withdrawn), desk.status(open_one)) == ("erased", "screening")
    assert {row["rule"]: row["count"] for row in retention.report(store)["removed"]} == {
        "retention-entered-in-error": 1,
        "retention-withdrawn": 1,
    }
    acts = [(row["actor"], row["subject"], row["detail"]) for row in desk.rows("audit")]
    assert acts == [("waypost", wrong, "retention-entered-in-error"), (OFFICER, withdrawn, "retention-withdrawn")]


def test_a_family_that_never_agreed_goes_sooner_than_one_that_was_helped(desk: ReferralsDesk) -> None:
    never, helped = desk.refer(consent=None), desk.refer(consent=a_consent())
    table = desk.runtime.metadata.tables["referrals"]
    with desk.runtime.store.writing() as transaction:
        transaction.execute(table.update().values(status="closed"))
    desk.clock.forward(days=95)

    assert [item["rule"] for item in retention.preview(desk.runtime.store)["items"]] == ["awaiting-consent"]
    retention.run(desk.runtime.store)
    assert (desk.status(never), desk.status(helped)) == ("erased", "closed")


def test_the_period_counts_from_the_last_thing_that_happened(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)
    desk.clock.forward(days=20)
    desk.post(f"/v1/referrals/{referral_id}/entered-in-error", {"reason": "other"})
    desk.clock.forward(days=20)
    assert retention.run(desk.runtime.store) == 0
    desk.clock.forward(days=10)
    assert retention.run(desk.runtime.store) == 1


def test_what_is_held_stays_until_it_is_released(desk: ReferralsDesk) -> None:
    store, referral_id = desk.runtime.store, ended(desk, "entered-in-error")
    reference = reference_of(desk, referral_id)
    retention.hold(store, reference, "A complaint of Test Parent", OFFICER)
    desk.clock.forward(days=400)

    assert retention.run(store) == 0
    assert [row["reference"] for row in retention.report(store)["held"]] == [reference]
    for act in (retention.hold, erase):
        with pytest.raises(Problem) as refused:
            act(store, reference, "other", OFFICER)
        assert refused.value.status == 409

    retention.release(store, reference, "It is settled", OFFICER)
    desk.clock.forward(days=31)
    assert retention.report(store)["held"] == []
    assert retention.run(store) == 1
    assert desk.rows("holds") == []
    assert [row["action"] for row in desk.rows("audit")] == ["referral.hold", "referral.release", "referral.erase"]
    with pytest.raises(Problem) as gone:
        retention.hold(store, reference, "other", OFFICER)
    assert gone.value.status == 410


def test_more_than_one_batch_goes_in_one_round_and_one_round_may_stop(
    desk: ReferralsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        ended(desk, "entered-in-error")
    desk.clock.forward(days=31)

    assert retention.run(desk.runtime.store, most=3) == 3
    assert retention.run(desk.runtime.store) == 2
    assert retention.run(desk.runtime.store) == 0


@pytest.mark.parametrize(
    ("period", "now", "before"),
    [
        (Period(months=3), "2026-05-31", "2026-02-28"),
        (Period(months=24), "2028-02-29", "2026-02-28"),
        (Period(days=30), "2026-03-01", "2026-01-30"),
    ],
)
def test_a_period_is_counted_by_the_calendar(period: Period, now: str, before: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert f"{period.before(at):%Y-%m-%d}" == before
