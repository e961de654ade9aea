"""A referral is taken whole or refused with every reason, once for each key, and nobody reads it in the database."""

from collections.abc import Iterator
from typing import Any

import eventlet
import psycopg
import pytest
from sqlalchemy.event import listen, remove

from services.referrals.tables import metadata
from shared.contracts.referrals import ReferralSubmitted
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import (
    KINGSTON,
    OTHER_KEY,
    ReferralsDesk,
    a_child,
    a_consent,
    a_consultation,
    a_referral,
)


@pytest.fixture(scope="module", params=PAIRS)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferralsDesk]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("referrals")
    made = ReferralsDesk(pair_in(request, folder), folder)
    yield made
    made.close()


def test_an_accepted_referral_has_a_reference_an_address_and_a_page(desk: ReferralsDesk) -> None:
    answer = desk.post("/v1/referrals", a_referral())

    assert answer["http_status"] == 201
    assert answer["Location"] == f"/v1/referrals/{answer['id']}"
    assert answer["status"] == "screening"
    status, page = desk.page(answer["tracking_url"])
    assert status == 200
    assert answer["reference"] in page


def test_what_the_referrer_said_is_given_back_to_it(desk: ReferralsDesk) -> None:
    sent = a_referral(home={"postcode": "kt1 1aa"})
    shown = desk.get(desk.refer(**sent))

    assert shown["referral"]["home"] == {"postcode": "KT1 1AA"}
    assert shown["referral"]["referrer"] == sent["referrer"]
    (child,) = shown["referral"]["children"]
    assert {name: child[name] for name in sent["children"][0]} == sent["children"][0]
    assert shown["referral"]["consent"]["name"] == "Test Parent"
    assert shown["referral"]["consent"]["agencies"] == ["families-apart"]


def test_the_event_tells_districts_and_ages_and_nothing_else(desk: ReferralsDesk) -> None:
    children = [a_child(school={"postcode": "SM1 1AA"}), a_child(date_of_birth="2021-11-21")]
    referral_id = desk.refer(children=children, preferred_agencies=["time-matters"])

    (event,) = desk.told(referral_id)
    assert event.type == ReferralSubmitted.type()
    assert event.sequence == 1
    assert event.data["home"] == {"place": KINGSTON, "basis": "postcode"}
    assert [child["age"] for child in event.data["children"]] == [9, 4]
    assert event.data["children"][0]["school"] == {"place": "E09000029", "basis": "postcode"}
    assert event.data["children"][0]["practice"] == {"place": None, "basis": "not-given"}
    assert event.data["consent_scope"] == ["families-apart"]
    assert event.data["chosen_agencies"] == ["time-matters"]


def test_nothing_personal_can_be_read_in_the_database(desk: ReferralsDesk) -> None:
    desk.post("/v1/referrals", a_referral(), once="first")

    stored = b"\n".join(repr(row).encode() for table in metadata.tables for row in desk.rows(table))
    for personal in (b"Test", b"Child", b"2017-03-14", b"KT1", b"01632", b"example.org", b"made-up note", b"/track/"):
        assert personal not in stored.replace(b"'schools'", b"")


def test_without_consent_a_referral_waits(desk: ReferralsDesk) -> None:
    referral_id = desk.refer(consent=None)

    assert desk.status(referral_id) == "awaiting-consent"
    assert desk.told(referral_id)[0].data["consent_scope"] == []


def test_a_released_relative_is_counted_in_months(desk: ReferralsDesk) -> None:
    whole = desk.refer(relative={"relationship": "parent", "stage": "released", "released_on": "2026-08-20"})
    month = desk.refer(relative={"relationship": "parent", "stage": "released", "released_on": "2026-08"})

    assert desk.told(whole)[0].data["months_since_release"] == {"low": 3, "high": 3}
    assert desk.told(month)[0].data["months_since_release"] == {"low": 3, "high": 4}
    assert desk.told(month)[0].data["release_month"] == "2026-08"


def test_a_consultation_is_a_borough_and_a_question(desk: ReferralsDesk) -> None:
    answer = desk.post("/v1/referrals", a_consultation(borough={"postcode": "KT1 1AB"}))

    assert answer["status"] == "screening"
    (event,) = desk.told(answer["id"])
    assert event.data["borough"]["place"] == KINGSTON
    assert event.data["children"] == []
    assert desk.get(answer["id"])["referral"]["question"] == "A made-up question"


def test_a_consultation_takes_nothing_about_a_family(desk: ReferralsDesk) -> None:
    body = a_consultation(children=[a_child()], home={"postcode": "KT1 1AA"}, consent=a_consent(), notes="A note")
    body["referrer"]["type"] = "family"

    assert desk.errors(body) == [
        ("/children", "not-for-this-kind"),
        ("/consent", "not-for-this-kind"),
        ("/home", "not-for-this-kind"),
        ("/notes", "not-for-this-kind"),
        ("/referrer/type", "not-for-family"),
    ]


def test_all_errors_come_at_once_as_codes_with_pointers(desk: ReferralsDesk) -> None:
    body = a_referral(
        referrer={"type": "gp", "name": "Test Doctor", "telephone": "12"},
        children=[a_child(date_of_birth="2026-11-21", school={}), a_child(date_of_birth="2000-11-20", told="maybe")],
        relative={"relationship": "parent", "stage": "released"},
        home={"postcode": "KT1 1ZZ"},
        family_contact=None,
        needs=["telling-the-children", "money"],
        preferred_agencies=["nobody"],
        consent=a_consent(given_at="2026-11-20T11:00:00Z", agencies=["families-apart", "nobody"]),
    )
    body["Test Name"] = 1

    assert desk.errors(body) == [
        ("", "unknown-field"),
        ("/children/0/date_of_birth", "in-the-future"),
        ("/children/0/school", "needs-urn-or-postcode"),
        ("/children/1/date_of_birth", "over-25"),
        ("/children/1/told", "not-one-of"),
        ("/consent/agencies/1", "not-an-agency"),
        ("/consent/given_at", "in-the-future"),
        ("/family_contact", "required"),
        ("/home/postcode", "postcode-does-not-exist"),
        ("/needs/1", "not-a-need"),
        ("/preferred_agencies/0", "not-an-agency"),
        ("/referrer/organisation", "required"),
        ("/referrer/role", "required"),
        ("/referrer/telephone", "not-a-telephone"),
        ("/relative/released_on", "required"),
    ]


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"kind": "other"}, ("/kind", "not-one-of")),
        ({"children": []}, ("/children", "too-short")),
        ({"children": [a_child()] * 13}, ("/children", "too-long")),
        ({"children": [a_child(first_name=" ")]}, ("/children/0/first_name", "too-short")),
        ({"children": [a_child(gp={})]}, ("/children/0/gp", "needs-ods-code-or-postcode")),
        ({"children": [a_child(gp={"postcode": "ZZ1 1ZZ"})]}, ("/children/0/gp/postcode", "postcode-does-not-exist")),
        ({"children": [a_child(date_of_birth="14/03/2017")]}, ("/children/0/date_of_birth", "not-a-date")),
        (
            {"relative": {"relationship": "parent", "stage": "remand", "released_on": "2026-08"}},
            ("/relative/released_on", "only-when-released"),
        ),
        (
            {"relative": {"relationship": "parent", "stage": "released", "released_on": "2026-12"}},
            ("/relative/released_on", "in-the-future"),
        ),
        (
            {"relative": {"relationship": "parent", "stage": "released", "released_on": "2026-13"}},
            ("/relative/released_on", "not-a-date-or-month"),
        ),
        ({"consent": a_consent(agencies=[])}, ("/consent/agencies", "too-short")),
        ({"notes": "x" * 5001}, ("/notes", "too-long")),
        ({"borough": {"code": KINGSTON}}, ("/borough", "not-for-this-kind")),
    ],
)
def test_each_mistake_has_a_code(desk: ReferralsDesk, about: dict[str, Any], error: tuple[str, str]) -> None:
    assert error in desk.errors(a_referral(**about))


def test_a_way_to_reach_the_family_must_be_called_safe(desk: ReferralsDesk) -> None:
    contact = {"name": "Test Parent", "relationship": "mother", "telephone": "01632 960002"}

    def errors(safe: dict[str, Any], **about: Any) -> list[tuple[str, str]]:
        return desk.errors(a_referral(family_contact={**contact, **about, "safe_contact": safe}))

    assert errors({}) == [("/family_contact/safe_contact", "no-safe-way")]
    assert errors({"telephone": {"safe": False}}) == [("/family_contact/safe_contact", "no-safe-way")]
    assert errors({"email": {"safe": True}}) == [("/family_contact/safe_contact", "no-safe-way")]
    assert desk.refer(family_contact={"safe_contact": {"through_referrer_only": True}})


def test_a_family_that_refers_itself_needs_no_organisation_and_no_second_contact(desk: ReferralsDesk) -> None:
    assert desk.refer(
        referrer={"type": "family", "name": "Test Parent", "telephone": "01632 960001"}, family_contact=None
    )


def test_the_same_key_and_body_get_the_first_answer_again(desk: ReferralsDesk) -> None:
    first = desk.post("/v1/referrals", a_referral(), once="twice")
    before = len(desk.rows("referrals")), len(desk.rows("outbox"))
    again = desk.post("/v1/referrals", a_referral(), once="twice")

    assert {name: again[name] for name in ("id", "reference", "tracking_url", "Location", "http_status")} == {
        name: first[name] for name in ("id", "reference", "tracking_url", "Location", "http_status")
    }
    assert again["Idempotent-Replayed"] == "true"
    assert (len(desk.rows("referrals")), len(desk.rows("outbox"))) == before


def test_the_same_key_with_another_body_is_refused(desk: ReferralsDesk) -> None:
    desk.post("/v1/referrals", a_referral(), once="other-body")
    before = len(desk.rows("referrals"))

    for body in (a_referral(notes="Another"), {"kind": "other"}):
        assert desk.post("/v1/referrals", body, once="other-body")["code"] == "idempotency-key-reused"
    assert len(desk.rows("referrals")) == before


def test_a_key_is_its_owners_own(desk: ReferralsDesk) -> None:
    first = desk.post("/v1/referrals", a_referral(), once="two-owners")
    other = desk.post("/v1/referrals", a_referral(), OTHER_KEY, once="two-owners")

    assert other["http_status"] == 201
    assert other["id"] != first["id"]


def test_a_refused_body_does_not_use_its_key_up(desk: ReferralsDesk) -> None:
    assert desk.post("/v1/referrals", a_referral(needs=["money"]), once="refused")["code"] == "invalid"
    assert desk.post("/v1/referrals", a_referral(), once="refused")["http_status"] == 201


def test_two_requests_with_one_key_at_the_same_time_are_one_referral(desk: ReferralsDesk) -> None:
    before = len(desk.rows("referrals"))
    pool = eventlet.GreenPool()

    answers = list(pool.imap(lambda _: desk.post("/v1/referrals", a_referral(), once="at-once"), range(5)))

    assert sorted(answer["http_status"] for answer in answers) == [201, 409, 409, 409, 409]
    assert len(desk.rows("referrals")) == before + 1


def test_one_that_is_refused_takes_no_other_of_its_group_with_it(desk: ReferralsDesk) -> None:
    desk.post("/v1/referrals", a_referral(), once="taken")
    pool = eventlet.GreenPool()

    keys = [f"group-{number}" for number in range(5)]
    answers = list(pool.imap(lambda key: desk.post("/v1/referrals", a_referral(), once=key), [*keys, "taken"]))

    assert [answer["http_status"] for answer in answers] == [201] * 6
    assert ["Idempotent-Replayed" in answer for answer in answers] == [False] * 5 + [True]


def test_however_many_referrals_are_taken_at_once_the_database_is_asked_one_question(
    desk: ReferralsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    engine = desk.runtime.store.database.engine
    questions = 1 if engine.dialect.name == "postgresql" else 8

    execute = psycopg.Cursor.execute

    def noted(cursor: Any, statement: Any, *others: Any, **options: Any) -> Any:
        asked.append(str(statement).split()[0])
        return execute(cursor, statement, *others, **options)

    def in_sqlite(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement.split()[0])

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    if questions > 1:
        listen(engine, "before_cursor_execute", in_sqlite)
    try:
        bodies = [a_referral(children=[a_child(first_name=f"Child {number}")]) for number in range(8)]
        answers = list(eventlet.GreenPool().imap(lambda body: desk.post("/v1/referrals", body), bodies))
    finally:
        if questions > 1:
            remove(engine, "before_cursor_execute", in_sqlite)

    assert {answer["http_status"] for answer in answers} == {201}
    assert set(asked) - {"BEGIN", "INSERT", "WITH"} == {"SELECT"}
    # SQLite is in this process, where a question for each child costs less than one for all.
    assert asked.count("SELECT") == questions


def test_a_reference_that_exists_already_is_drawn_again(desk: ReferralsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = desk.post("/v1/referrals", a_referral())["reference"]
    draws = iter([taken, "346-789-BCD"])
    monkeypatch.setattr("services.referrals.intake.new_reference", lambda: next(draws))

    assert desk.post("/v1/referrals", a_referral(), once="drawn-again")["reference"] == "346-789-BCD"
