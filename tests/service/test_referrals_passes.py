"""A pass opens one referral, for what its holder may do, over the service's sockets; what a family says is heard by others."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
import pytest

from shared.contracts.referrals import ContactChanged, ReferralNotContacted
from shared.contracts.routing import ReferralRouted, TaskAccepted, TaskHeld, TaskOverdue, TaskStarted
from shared.references import new_reference
from tests.support.deciding import PAIRS, pair_in
from tests.support.referring import ReferralsDesk, a_consent, a_referral, said
from tests.support.serving import Running

Json = dict[str, Any]
SAFE_EMAIL = {
    "name": "Test Parent",
    "relationship": "mother",
    "email": "parent@example.org",
    "telephone": "01632 960002",
    "safe_contact": {"email": {"safe": True}},
}
FAMILY = {"audience": "family", "purpose": "family-code"}
REFERRER = {"audience": "referrer", "purpose": "code"}


@pytest.fixture(scope="module", params=PAIRS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests here: each referral is its own."""
    folder = tmp_path_factory.mktemp("referrals")
    service = Running(ReferralsDesk(pair_in(request, folder), folder))
    yield service
    service.stop()


class Following:
    """Somebody who has been sent a code for a new referral, and uses the pass that it opened."""

    def __init__(self, running: Running, reader: Json = FAMILY, **about: Any) -> None:
        self.running, self.desk = running, running.desk
        made = self.desk.post("/v1/referrals", a_referral(**{"family_contact": SAFE_EMAIL, **about}))
        self.id, self.reference = made["id"], made["reference"]
        self.path = f"/v1/referrals/{self.id}"
        self.token = self.open(reader)

    def open(self, reader: Json = FAMILY) -> str:
        body = {"reference": self.reference, "role": reader["audience"]}
        asked = self.desk.front.access_codes.ask(body, new_reference())["id"]
        code = self.desk.recipient(self.id, **reader, event=asked)["code"]
        status, _, answer = self.running.ask("POST", "/v1/access", {"id": asked, "code": code}, key="")
        assert status == 201, answer
        return str(orjson.loads(answer)["token"])

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Json]:
        status, _, answer = self.running.ask(method, path, body, key=token or self.token)
        return status, orjson.loads(answer or b"{}")

    def post(self, action: str, body: Json) -> tuple[int, Json]:
        return self.ask("POST", f"{self.path}/{action}", body)

    def timeline(self) -> Json:
        return self.ask("GET", f"{self.path}/timeline")[1]


def asked_by(referral_id: str) -> bytes:
    """Families Apart is asked, with the days that it has."""
    return said(
        ReferralRouted,
        referral_id,
        reference="7KX-3FM-9QF",
        kind="family-support",
        agency="families-apart",
        task_id="task-1",
        children=[],
        acknowledge_by=date(2026, 11, 24),
        decide_by=date(2026, 11, 27),
        contact_by=date(2026, 12, 4),
        link="http://127.0.0.1:8001/v1/tasks/1",
    )


def test_codes_and_passes_are_had_over_the_api(running: Running) -> None:
    body = {"reference": new_reference(), "role": "family"}
    status, _, answer = running.ask("POST", "/v1/access-codes", body, key="")
    assert (status, orjson.loads(answer)["minutes"]) == (202, 15)

    wrong = {"id": orjson.loads(answer)["id"], "code": "000000"}
    status, _, answer = running.ask("POST", "/v1/access", wrong, key="")
    assert (status, orjson.loads(answer)["errors"][0]["code"]) == (422, "wrong-code")


def test_a_pass_opens_its_own_referral_and_nothing_else(running: Running) -> None:
    mine, theirs = Following(running), Following(running)

    assert mine.ask("GET", mine.path)[0] == 200
    assert mine.ask("GET", theirs.path)[0] == 404
    assert mine.ask("POST", f"{theirs.path}/withdrawal", {"reason": "other"})[0] == 404
    assert mine.ask("GET", "/v1/referrals")[0] == 403
    assert mine.ask("POST", "/v1/referrals", a_referral())[0] == 403
    assert mine.ask("POST", "/internal/v1/recipients", {"readers": []})[0] == 401
    assert mine.ask("GET", mine.path, token="wf_made-up")[0] == 401


@pytest.mark.parametrize(("action", "reason"), [("entered-in-error", "other"), ("reopen", "other")])
def test_a_family_does_not_do_what_is_its_referrers(running: Running, action: str, reason: str) -> None:
    family, referrer = Following(running), Following(running, REFERRER)
    for each in (family, referrer):
        each.post("withdrawal", {"reason": "other"})

    status, answer = family.post(action, {"reason": reason})

    assert (status, answer["allowed"]) == (409, [])
    assert referrer.post("entered-in-error", {"reason": "other"})[0] == 200


def test_a_pass_ends_after_half_an_hour_of_quiet_or_when_it_is_given_back(running: Running) -> None:
    quiet, busy, back = Following(running), Following(running), Following(running)
    clock = running.desk.clock
    for _ in range(3):
        clock.forward(minutes=20)
        assert busy.ask("GET", busy.path)[0] == 200
    assert quiet.ask("GET", quiet.path)[0] == 401
    clock.forward(minutes=-60)

    assert back.ask("POST", f"{back.path}/leave")[0] == 204
    assert back.ask("GET", back.path)[0] == 401


def test_a_pass_ends_after_four_hours_at_the_latest(running: Running) -> None:
    busy = Following(running)
    for _ in range(12):
        running.desk.clock.forward(minutes=20)
        status = busy.ask("GET", busy.path)[0]
    running.desk.clock.forward(minutes=-240)
    assert status == 401


def test_a_family_is_shown_itself_in_short_and_no_way_to_reach_it_in_full(running: Running) -> None:
    family = Following(running)
    shown = family.ask("GET", family.path)[1]["referral"]

    assert [sorted(child) for child in shown["children"]] == [["first_name", "id"]]
    assert (shown["family_contact"]["email"], shown["family_contact"]["telephone"]) == ("p…@example.org", "…002")
    assert shown["consent"]["agencies"] == ["families-apart"]
    assert "referrer" not in shown
    assert "notes" not in shown
    looks = family.desk.rows("looks", referral_id=family.id)
    assert [row["who"].partition(":")[0] for row in looks if row["purpose"] == "own-referral"] == ["family"]


def test_a_family_agrees_takes_it_back_adds_and_stops(running: Running) -> None:
    family = Following(running, consent=None)
    now = "2026-11-20T09:00:00Z"

    assert family.post("consent", {"given": a_consent(method="online")})[1]["status"] == "screening"
    ended = {"withdrawn_by": "parent-or-carer", "withdrawn_at": now}
    assert family.post("consent", {"withdrawn": ended})[1]["status"] == "awaiting-consent"
    assert family.post("information", {"home": {"postcode": "KT1 1AB"}})[0] == 200
    assert family.post("withdrawal", {"reason": "not-needed"})[1]["status"] == "withdrawn"

    (given, ended) = family.desk.rows("consents", referral_id=family.id)
    assert given["recorded_by"].startswith("family:")
    texts = [entry["text"] for entry in family.timeline()["items"]]
    assert "Agreement was recorded, for Families Apart." in texts


def test_another_safe_way_is_used_from_then_on_and_other_passes_of_the_family_end(running: Running) -> None:
    family = Following(running)
    other, referrer = family.open(), family.open(REFERRER)
    body = {"telephone": "07700 900123", "safe_contact": {"telephone": {"safe": True, "text": True}}}

    assert family.post("family-contact", body)[0] == 200

    told = family.desk.recipient(family.id, audience="family", purpose="family-routed")
    assert (told["channel"], told["address"]) == ("text", "07700 900123")
    event = family.desk.told(family.id)[-1]
    assert (event.type, event.data["by"]) == (ContactChanged.type(), "family")
    assert family.ask("GET", family.path)[0] == 200
    assert family.ask("GET", family.path, token=other)[0] == 401
    assert family.ask("GET", family.path, token=referrer)[0] == 200
    contact = family.desk.get(family.id)["referral"]["family_contact"]
    assert (contact["name"], contact["email"]) == ("Test Parent", "parent@example.org")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("", "nothing-given")]),
        ({"safe_contact": {"email": {"safe": False}}}, [("/safe_contact", "no-safe-way")]),
        ({"email": None}, [("/safe_contact", "no-safe-way")]),
        ({"telephone": "no"}, [("/telephone", "not-a-telephone")]),
    ],
)
def test_a_change_after_which_nothing_would_be_safe_is_refused(
    running: Running, body: Json, errors: list[tuple[str, str]]
) -> None:
    path = f"/v1/referrals/{running.desk.refer(family_contact=SAFE_EMAIL)}/family-contact"
    assert running.desk.errors(body, path) == errors


def test_that_nobody_was_in_touch_is_said_once_the_day_is_over_and_not_every_day(running: Running) -> None:
    family = Following(running)
    family.desk.take(asked_by(family.id))
    timeline = family.timeline()
    assert timeline["next"][1] == "Families Apart should answer by 27 November 2026."
    assert (timeline["first_contact_by"], timeline["may_say_not_contacted"]) == ("2026-12-04", False)
    assert family.post("not-contacted", {})[1]["code"] == "nobody-is-late"

    family.desk.clock.forward(days=15)
    family.token = family.open()
    assert family.timeline()["may_say_not_contacted"] is True
    assert family.post("not-contacted", {})[0] == 200
    assert family.post("not-contacted", {})[1]["code"] == "said-already"
    assert family.timeline()["may_say_not_contacted"] is False
    family.desk.clock.forward(days=-15)

    event = family.desk.told(family.id)[-1]
    assert (event.type, event.data["by"]) == (ReferralNotContacted.type(), "family")


def test_what_agencies_say_and_owe_is_told_as_it_changes(running: Running) -> None:
    family = Following(running)
    task: Json = {"agency": "families-apart", "task_id": "task-1"}

    def hear(schema: Any, sequence: int, **about: Any) -> Json:
        family.desk.take(said(schema, family.id, sequence, **task, **about))
        return family.timeline()

    family.desk.take(asked_by(family.id))
    overdue = hear(TaskOverdue, 2, reference=family.reference, what="decide", due="2026-11-27")
    assert overdue["asked"][0]["late"] is True
    assert overdue["next"][1].endswith("They are late. We have reminded them.")
    accepted = hear(TaskAccepted, 3, state="accepted", reason=None)
    assert (accepted["asked"][0]["owes"], accepted["asked"][0]["late"]) == ("contact", False)
    assert accepted["next"][1] == "Families Apart should be in touch by 4 December 2026."
    held = hear(TaskHeld, 4, state="on-hold", reason="waiting-list")
    assert (held["asked"][0]["state"], held["next"][1:]) == ("on-hold", [])
    assert hear(TaskStarted, 5, state="in-progress", reason=None)["asked"][0]["state"] == "in-progress"
