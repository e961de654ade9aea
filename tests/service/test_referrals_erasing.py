"""An erased referral leaves a tombstone, in every state that it can be in, and nothing that could be read again."""

from collections.abc import Iterator

import pytest

from services.referrals.erasing import clear, erase
from services.referrals.tables import metadata
from shared.contracts.referrals import ReferralErased
from shared.http.problems import Problem
from shared.privacy.erased import erased_counts, look_again
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_consultation, a_referral, assessed, routed

OFFICER = "key:officer"
PERSONAL_TABLES = ("referral_keys", "children", "consents", "assessments", "access_codes", "passes", "drafts")


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    folder = tmp_path_factory.mktemp("erasing")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def reference_of(desk: ReferralsDesk, referral_id: str) -> str:
    return str(desk.rows("referrals", id=referral_id)[0]["reference"])


def erased(desk: ReferralsDesk, referral_id: str) -> None:
    erase(desk.runtime.store, reference_of(desk, referral_id), "asked-by-family", OFFICER)


def left_of(desk: ReferralsDesk, referral_id: str) -> dict[str, int]:
    found = {name: len(desk.rows(name, referral_id=referral_id)) for name in PERSONAL_TABLES}
    return {name: count for name, count in found.items() if count}


def test_what_is_left_is_a_tombstone(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.take(assessed(desk, referral_id), routed(referral_id))
    before = [item["type"] for item in desk.timeline(referral_id)]

    erased(desk, referral_id)

    (row,) = desk.rows("referrals", id=referral_id)
    assert (row["status"], row["details"], row["facts"], row["clock_due_at"]) == ("erased", b"", {}, None)
    assert left_of(desk, referral_id) == {}
    assert sorted(item["type"] for item in desk.timeline(referral_id)) == sorted([*before, "erased"])
    event = desk.told(referral_id)[-1]
    assert (event.type, event.data["reason"]) == (ReferralErased.type(), "asked-by-family")
    (audited,) = desk.rows("audit", subject=referral_id)
    assert (audited["actor"], audited["action"], audited["detail"]) == (OFFICER, "referral.erase", "asked-by-family")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", None),
        ("withdrawal", {"reason": "other"}),
        ("entered-in-error", {"reason": "other"}),
        ("information", {"home": {"postcode": "KT1 1AA"}}),
        ("reopen", {"reason": "other"}),
    ],
)
def test_whoever_asks_after_it_is_told_that_it_is_gone(desk: ReferralsDesk, path: str, body: dict[str, str]) -> None:
    referral_id = desk.refer()
    erased(desk, referral_id)

    if path:
        answer = desk.post(f"/v1/referrals/{referral_id}/{path}", body)
        assert (answer["http_status"], answer["code"]) == (410, "erased")
    else:
        with pytest.raises(Problem) as refused:
            desk.get(referral_id)
        assert (refused.value.status, refused.value.code) == (410, "erased")


def test_the_tracking_page_knows_it_no_more(desk: ReferralsDesk) -> None:
    answer = desk.post("/v1/referrals", a_referral())
    erased(desk, answer["id"])

    assert desk.page(answer["tracking_url"])[0] == 404


def test_a_repeat_of_the_first_request_makes_no_second_referral(desk: ReferralsDesk) -> None:
    body = a_referral()
    first = desk.post("/v1/referrals", body, once="the-same")
    erased(desk, first["id"])
    count = len(desk.rows("referrals"))

    again = desk.post("/v1/referrals", body, once="the-same")

    assert (again["http_status"], again["code"]) == (410, "erased")
    assert len(desk.rows("referrals")) == count


@pytest.mark.parametrize("ended", ["withdrawal", "entered-in-error", None])
def test_in_every_state_and_twice_without_harm(desk: ReferralsDesk, ended: str | None) -> None:
    referral_id = desk.refer(consent=None)
    if ended:
        desk.post(f"/v1/referrals/{referral_id}/{ended}", {"reason": "other"})
    reference = reference_of(desk, referral_id)

    first = erase(desk.runtime.store, reference, "other", OFFICER)
    told = len(desk.told(referral_id))
    again = erase(desk.runtime.store, reference.lower(), "other", OFFICER)

    assert (first.again, again.again) == (False, True)
    assert len(desk.told(referral_id)) == told


def test_a_consultation_is_erased_too(desk: ReferralsDesk) -> None:
    referral_id = desk.post("/v1/referrals", a_consultation())["id"]
    erased(desk, referral_id)
    assert desk.status(referral_id) == "erased"


def test_no_such_reference_is_not_found(desk: ReferralsDesk) -> None:
    for reference in ("7KX-3FM-9QF", "nonsense"):
        with pytest.raises(Problem) as refused:
            erase(desk.runtime.store, reference, "other", OFFICER)
        assert refused.value.status == 404


def test_what_comes_late_is_cleared_when_it_is_looked_at_again(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    late = assessed(desk, referral_id)
    erased(desk, referral_id)
    desk.take(late)
    assert left_of(desk, referral_id) == {"assessments": 1}

    assert look_again(desk.runtime.store, clear) > 0
    assert left_of(desk, referral_id) == {}

    desk.clock.forward(days=8)
    look_again(desk.runtime.store, clear)
    assert look_again(desk.runtime.store, clear) == 0


def test_what_was_sent_keeps_its_envelope_alone(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    table = metadata.tables["outbox"]
    with desk.runtime.store.writing() as transaction:
        sent = table.update().where(table.c.subject == referral_id).values(sent_at=transaction.now)
        transaction.execute(sent)

    erased(desk, referral_id)

    first, last = desk.rows("outbox", subject=referral_id)
    assert b'"tombstone":true' in first["body"]
    assert b"E09000021" not in first["body"]
    assert b'"asked-by-family"' in last["body"]


def test_removals_are_counted_by_day_and_rule(desk: ReferralsDesk) -> None:
    before = {(row["day"], row["rule"]): row["count"] for row in erased_counts(desk.runtime.store)}
    erased(desk, desk.refer())
    after = {(row["day"], row["rule"]): row["count"] for row in erased_counts(desk.runtime.store)}

    day = f"{desk.clock.now():%Y-%m-%d}"
    assert after[day, "asked-by-family"] == before.get((day, "asked-by-family"), 0) + 1
