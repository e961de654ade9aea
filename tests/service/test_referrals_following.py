"""What other services say moves the state and fills the timeline, in whatever order it comes; and who is shown what."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from services.referrals.tables import referral_keys
from shared.contracts.notifications import NotificationSuppressed
from shared.contracts.routing import InformationRequested, ReferralNotEligible, ReferralUnderReview, TaskCancelled
from shared.http.keys import Key
from shared.http.problems import Problem
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import OTHER_KEY, SCHOOL_KEY, ReferralsDesk, a_child, a_referral, assessed, routed, said


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("referrals")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def under_review(referral_id: str, sequence: int) -> bytes:
    return said(ReferralUnderReview, referral_id, sequence, reasons=["several-agencies"], agencies=[])


def asked(referral_id: str, sequence: int) -> bytes:
    return said(InformationRequested, referral_id, sequence, items=["school", "consent"], agencies=["families-apart"])


def test_each_decision_is_the_state_until_the_next(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    desk.take(asked(referral_id, 1))
    assert desk.status(referral_id) == "information-requested"
    desk.take(under_review(referral_id, 2))
    assert desk.status(referral_id) == "under-review"
    desk.take(routed(referral_id, 3))
    assert desk.status(referral_id) == "routed"


def test_a_family_that_nobody_can_take_is_told_of_whom_to_ask(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    desk.take(said(ReferralNotEligible, referral_id, reasons=["no-agency"], signposts=["prisoners-families-helpline"]))

    assert desk.status(referral_id) == "not-eligible"
    assert "National Prisoners' Families Helpline" in desk.timeline(referral_id)[-1]["text"]


def test_a_decision_that_comes_late_changes_only_the_timeline(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    desk.take(under_review(referral_id, 2))
    desk.take(asked(referral_id, 1))

    assert desk.status(referral_id) == "under-review"
    assert [entry["type"] for entry in desk.timeline(referral_id)].count("information-requested") == 1


def test_what_comes_after_a_withdrawal_changes_only_the_timeline(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.post(f"/v1/referrals/{referral_id}/withdrawal", {"reason": "other"})

    cancelled = said(TaskCancelled, referral_id, 2, agency="families-apart", task_id="task-1", reason="withdrawn")
    desk.take(routed(referral_id, 1), cancelled)

    assert desk.status(referral_id) == "withdrawn"
    assert {entry["type"] for entry in desk.timeline(referral_id)} >= {"routed", "task-cancelled"}


def test_an_event_that_comes_twice_is_noted_once(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    event = routed(referral_id)

    desk.take(event)
    desk.take(event, event)

    assert [entry["type"] for entry in desk.timeline(referral_id)].count("routed") == 1


def test_supplied_information_returns_a_referral_to_screening(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    desk.take(asked(referral_id, 1))

    answer = desk.post(f"/v1/referrals/{referral_id}/information", {"home": {"postcode": "KT1 1AB"}})

    assert answer["status"] == "screening"
    desk.take(routed(referral_id, 2))
    assert desk.status(referral_id) == "routed"


def test_a_receipt_says_when_a_child_will_be_old_enough(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(
        home={"postcode": "CH41 1AA"},
        children=[a_child(date_of_birth="2021-12-03"), a_child(date_of_birth="2022-03-01"), a_child()],
    )
    desk.take(assessed(desk, referral_id))

    young, younger, old = (child["id"] for child in desk.get(referral_id)["referral"]["children"])
    (receipt,) = [each for each in desk.get(referral_id)["receipts"] if each["agency"] == "time-matters"]
    assert receipt["name"] == "Time Matters UK"
    assert receipt["children"] == {young: "ineligible", younger: "ineligible", old: "eligible"}
    changes = {change["child"]: change for change in receipt["receipt"]["would_change"]}
    assert (changes[young]["text"], changes[young]["on"]) == ("will be 5 on 3 December", "2026-12-03")
    assert changes[younger]["text"] == "will be 5 on 1 March 2027"


def test_the_receipt_of_the_newest_facts_counts(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    old = assessed(desk, referral_id, facts_sequence=1)
    desk.post(f"/v1/referrals/{referral_id}/information", {"home": {"postcode": "CH41 1AA"}})
    new = assessed(desk, referral_id, facts_sequence=2)

    desk.take(new)
    desk.take(old)

    outcomes = {each["agency"]: each["outcome"] for each in desk.get(referral_id)["receipts"]}
    assert outcomes["time-matters"] == "eligible"


def test_a_list_comes_in_pages_the_newest_first_and_only_ones_own(desk: ReferralsDesk) -> None:
    mine = Key("key-of-a-list", "owner-of-a-list", frozenset())
    ids = [desk.post("/v1/referrals", a_referral(), mine)["id"] for _ in range(3)]
    desk.post(f"/v1/referrals/{ids[1]}/withdrawal", {"reason": "other"}, mine)
    reading = desk.front.reading

    first = reading.page({"limit": "2"}, mine)
    second = reading.page({"limit": "2", "cursor": first["next"]}, mine)

    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
    assert [item["id"] for item in reading.page({"status": "withdrawn"}, mine)["items"]] == [ids[1]]
    assert reading.page({}, OTHER_KEY)["items"] == []
    with pytest.raises(Problem, match="bad-status"):
        reading.page({"status": "lost"}, mine)


def test_another_owners_referral_cannot_be_read(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    for read in (desk.get, desk.timeline):
        with pytest.raises(Problem, match="not-found"):
            read(referral_id, OTHER_KEY)


def test_whoever_was_shown_personal_data_is_written_down(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()

    desk.get(referral_id)
    desk.recipient(referral_id, purpose="referral-routed")

    assert [(row["who"], row["purpose"]) for row in desk.rows("looks", referral_id=referral_id)] == [
        (SCHOOL_KEY.id, "own-referral"),
        ("notifications", "referral-routed"),
    ]


def test_a_message_goes_to_the_referrers_own_address_and_nowhere_unsafe(desk: ReferralsDesk) -> None:
    family = {"type": "family", "name": "Test Parent", "email": "parent@example.org"}
    contact = {"name": "Test Parent", "relationship": "mother", "telephone": "01632 960002"}
    safe = {"telephone": {"safe": True}}

    school = desk.recipient(desk.refer())
    silent = desk.recipient(desk.refer(referrer=family | {"email": None, "telephone": "01632 960001"}))
    unsafe = desk.recipient(
        desk.refer(referrer=family, family_contact={**contact, "safe_contact": safe | {"email": {"safe": False}}})
    )

    assert (school["channel"], school["address"]) == ("e-mail", "teacher@example.org")
    assert silent == {"channel": None, "reason": "no-e-mail"}
    assert unsafe == {"channel": None, "reason": "not-safe"}
    assert desk.recipient("no-such-referral") == {"channel": None, "reason": "recipient-unknown"}


def test_a_referral_whose_key_was_destroyed_cannot_be_read(desk: ReferralsDesk) -> None:
    referral_id = desk.refer()
    with desk.runtime.store.writing() as transaction:
        transaction.execute(delete(referral_keys).where(referral_keys.c.referral_id == referral_id))

    with pytest.raises(Problem, match="erased"):
        desk.get(referral_id)
    assert desk.recipient(referral_id) == {"channel": None, "reason": "recipient-unknown"}


def test_the_tracking_page_says_what_happened_and_names_nobody(desk: ReferralsDesk) -> None:
    answer = desk.post("/v1/referrals", a_referral())
    referral_id = answer["id"]
    suppressed = said(
        NotificationSuppressed,
        referral_id,
        delivery_id="1",
        audience="referrer",
        channel="e-mail",
        template="routed",
        reason="no-e-mail",
    )
    desk.take(assessed(desk, referral_id), routed(referral_id), suppressed)

    status, page = desk.page(answer["tracking_url"])

    assert status == 200
    assert "Your referral was passed on" in page
    assert "20 November 2026" in page
    assert "An answer should come by 1 December 2026." in page
    for telling in ("prison", "Families Apart", "families-apart", "Test", "KT1", "telling", "agency", "school"):
        assert telling not in page
    assert desk.page("http://127.0.0.1/track/made-up")[0] == 404
