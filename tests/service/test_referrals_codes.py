"""A one-time code opens one referral to its reader: once, for a while, for a few tries. Nobody learns who exists."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from services.referrals.access_codes import ANSWERED_AFTER
from services.referrals.passes import find_pass
from shared.contracts.referrals import CodeRequested
from shared.http.problems import Problem
from shared.references import new_reference
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_child, a_consultation, a_referral

EMAIL, MOBILE = "parent@example.org", "07700 900123"
SAFE_EMAIL = {
    "name": "Test Parent",
    "relationship": "mother",
    "email": EMAIL,
    "safe_contact": {"email": {"safe": True}},
}


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("referrals")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def refer(desk: ReferralsDesk, **about: Any) -> tuple[str, str]:
    """Id and reference of a referral whose family has a safe e-mail."""
    answer = desk.post("/v1/referrals", a_referral(**{"family_contact": SAFE_EMAIL, **about}))
    return answer["id"], answer["reference"]


def ask(desk: ReferralsDesk, reference: str, role: str = "family", address: str | None = None) -> str:
    """The id of what was asked for; each time from another address unless one is named."""
    body = {"reference": reference, "role": role}
    return str(desk.front.access_codes.ask(body, address or new_reference())["id"])


def sent(desk: ReferralsDesk, referral_id: str, asked: str, role: str = "family") -> dict[str, Any]:
    """What notifications is told when it sends the code."""
    purpose = "family-code" if role == "family" else "code"
    return desk.recipient(referral_id, audience=role, purpose=purpose, event=asked)


def refused(desk: ReferralsDesk, asked: str, code: str) -> list[tuple[str, str]]:
    with pytest.raises(Problem) as problem:
        desk.front.access_codes.redeem({"id": asked, "code": code})
    assert problem.value.status == 422
    return [(error.pointer, error.code) for error in problem.value.errors]


WRONG = [("/code", "wrong-code")]


def test_a_code_is_sent_the_safe_way_and_opens_the_referral_once(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)

    asked = ask(desk, reference.lower().replace("-", " "))
    told = sent(desk, referral_id, asked)
    opened = desk.front.access_codes.redeem({"id": asked, "code": f"{told['code'][:3]} {told['code'][3:]}"})

    assert (told["channel"], told["address"]) == ("e-mail", EMAIL)
    assert (opened["referral_id"], opened["role"]) == (referral_id, "family")
    holder = find_pass(desk.runtime.store, opened["token"])
    assert holder is not None
    assert holder.referral_id == referral_id
    assert refused(desk, asked, told["code"]) == WRONG
    assert sent(desk, referral_id, asked) == {"channel": None, "reason": "code-expired"}


def test_no_code_stands_in_an_event_or_in_the_database(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)
    asked = ask(desk, reference)
    code = sent(desk, referral_id, asked)["code"]

    event = desk.told(referral_id)[-1]

    assert (event.type, event.id) == (CodeRequested.type(), asked)
    assert event.data == {"referral_id": referral_id, "reference": reference, "audience": "family"}
    kept = [desk.rows(table, **about) for table, about in (("access_codes", {"id": asked}), ("passes", {}))]
    assert code not in repr(kept) + repr(desk.rows("outbox", subject=referral_id))
    assert reference not in repr(kept)


def test_a_reference_that_is_nobodys_is_answered_like_one_that_is_somebodys(desk: ReferralsDesk) -> None:
    answers = []
    for reference in (refer(desk)[1], new_reference()):
        begun = time.monotonic()
        answer = desk.front.access_codes.ask({"reference": reference, "role": "family"}, new_reference())
        assert time.monotonic() - begun >= ANSWERED_AFTER
        answers.append(answer)

    known, unknown = answers
    assert known.keys() == unknown.keys()
    assert known["minutes"] == unknown["minutes"]
    assert len(known["id"]) == len(unknown["id"])
    assert refused(desk, known["id"], "abcdef") == refused(desk, unknown["id"], "abcdef") == WRONG


def test_what_is_no_reference_is_said_to_be_none_before_anything_is_looked_up(desk: ReferralsDesk) -> None:
    with pytest.raises(Problem) as problem:
        ask(desk, "7KX-3FM-9QQ")
    assert [(error.pointer, error.code) for error in problem.value.errors] == [("/reference", "not-a-reference")]


def test_after_five_wrong_tries_the_right_code_opens_nothing(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)
    asked = ask(desk, reference)
    code = sent(desk, referral_id, asked)["code"]

    for _ in range(5):
        assert refused(desk, asked, "no") == WRONG

    assert refused(desk, asked, code) == WRONG


def test_the_fifth_try_may_still_be_right(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)
    asked = ask(desk, reference)
    for _ in range(4):
        refused(desk, asked, "no")

    assert desk.front.access_codes.redeem({"id": asked, "code": sent(desk, referral_id, asked)["code"]})


def test_after_a_quarter_of_an_hour_a_code_opens_nothing_and_is_not_sent_any_more(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)
    asked = ask(desk, reference)
    code = sent(desk, referral_id, asked)["code"]
    desk.clock.forward(minutes=15)

    assert refused(desk, asked, code) == WRONG
    assert sent(desk, referral_id, asked) == {"channel": None, "reason": "code-expired"}


def test_three_codes_an_hour_are_sent_for_a_reference_and_then_the_last_goes_on_working(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)
    asked = [ask(desk, reference) for _ in range(4)]

    assert len(set(asked)) == 3
    assert asked[3] == asked[2]
    assert [event.type for event in desk.told(referral_id)].count(CodeRequested.type()) == 3
    assert ask(desk, reference, "referrer") not in asked
    desk.clock.forward(minutes=61)
    assert ask(desk, reference) not in asked


def test_nobodys_reference_is_counted_like_somebodys(desk: ReferralsDesk) -> None:
    reference = new_reference()
    asked = [ask(desk, reference) for _ in range(4)]
    assert len(set(asked)) == 3
    assert asked[3] == asked[2]


def test_an_address_that_asks_again_and_again_is_told_to_wait(desk: ReferralsDesk) -> None:
    for _ in range(10):
        ask(desk, new_reference(), address="192.0.2.1")
    with pytest.raises(Problem, match="rate-limited"):
        ask(desk, new_reference(), address="192.0.2.1")


def test_another_referral_cannot_have_the_code_nor_another_reader(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk)
    asked = ask(desk, reference)
    expired = {"channel": None, "reason": "code-expired"}

    assert sent(desk, refer(desk)[0], asked) == expired
    assert sent(desk, referral_id, asked, "referrer") == expired
    assert sent(desk, referral_id, "made-up") == expired


@pytest.mark.parametrize(
    ("contact", "way"),
    [
        ({"email": EMAIL, "safe_contact": {"email": {"safe": True}}}, EMAIL),
        ({"telephone": MOBILE, "safe_contact": {"telephone": {"safe": True, "text": True}}}, MOBILE),
        ({"telephone": MOBILE, "safe_contact": {"telephone": {"safe": True, "text": False}}}, "unsafe-channel"),
        ({"email": EMAIL, "safe_contact": {"through_referrer_only": True}}, "through-referrer-only"),
        ({"relationship": "self", "email": EMAIL, "safe_contact": {"email": {"safe": True}}}, "addressed-to-a-child"),
    ],
)
def test_a_code_goes_no_way_that_the_family_did_not_call_safe(
    desk: ReferralsDesk, contact: dict[str, Any], way: str
) -> None:
    named = {"name": "Test Parent", "relationship": "mother", **contact}
    referral_id, reference = refer(desk, family_contact=named)
    told = sent(desk, referral_id, ask(desk, reference))
    assert told.get("address", told.get("reason")) == way
    assert ("code" in told) == ("address" in told)


@pytest.mark.parametrize(
    ("referrer", "contact", "way"),
    [
        ({"email": EMAIL}, None, EMAIL),
        ({"telephone": MOBILE}, None, "not-safe"),
        (
            {"telephone": MOBILE},
            {"telephone": MOBILE, "safe_contact": {"telephone": {"safe": True, "text": True}}},
            MOBILE,
        ),
        ({"email": "shared@example.org"}, {"email": EMAIL, "safe_contact": {"email": {"safe": True}}}, EMAIL),
    ],
)
def test_a_family_that_referred_itself_has_the_safe_way_or_its_own_e_mail(
    desk: ReferralsDesk, referrer: dict[str, str], contact: dict[str, Any] | None, way: str
) -> None:
    itself = {"type": "family", "name": "Test Parent", **referrer}
    named = contact and {"name": "Test Parent", "relationship": "mother", **contact}
    referral_id, reference = refer(desk, referrer=itself, family_contact=named)
    told = sent(desk, referral_id, ask(desk, reference))
    assert told.get("address", told.get("reason")) == way


def test_a_professional_without_e_mail_is_sent_a_text_where_the_telephone_takes_any(desk: ReferralsDesk) -> None:
    referrer = a_referral()["referrer"] | {"email": None}
    ways = []
    for telephone in (MOBILE, "020 7946 0001"):
        referral_id, reference = refer(desk, referrer=referrer | {"telephone": telephone})
        told = sent(desk, referral_id, ask(desk, reference, "referrer"), "referrer")
        ways.append(told.get("address", told.get("reason")))
    assert ways == [MOBILE, "no-address"]


def test_advice_for_a_professional_has_no_family_to_send_a_code_to(desk: ReferralsDesk) -> None:
    answer = desk.post("/v1/referrals", a_consultation())
    told = sent(desk, answer["id"], ask(desk, answer["reference"]))
    assert told == {"channel": None, "reason": "no-safe-channel"}


def test_a_child_that_is_named_like_the_contact_gets_none(desk: ReferralsDesk) -> None:
    referral_id, reference = refer(desk, children=[a_child(first_name="Test", last_name="Parent")])
    told = sent(desk, referral_id, ask(desk, reference))
    assert told == {"channel": None, "reason": "addressed-to-a-child"}
