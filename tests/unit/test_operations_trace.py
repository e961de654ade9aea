"""A referral's trace: one time line out of what the services know, what it waits for, and what agencies could see when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifications.templates import load_templates
from services.operations.trace_line import line
from services.operations.trace_past import ENDS, sight
from services.operations.trace_sight import OPEN
from services.operations.trace_waits import waits
from services.operations.web.trace_picture import RIGHT, WIDE, picture_of
from services.operations.web.trace_telling import Telling, span
from services.referrals.disclosure import _ENDED
from services.routing.domain.tasks import OPEN as OPEN_TASKS
from services.routing.domain.tasks import WHY_CANCELLED
from shared.contracts.registry import EVENTS
from shared.web.catalogue import Catalogue

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
AGENCY = "families-apart"
CATALOGUE = Catalogue.of("en")
Json = dict[str, Any]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(event_id: str, fact: str, at: float, sent: float | None = None, **about: Any) -> Json:
    """An event that was written at `at` and sent at `sent`, in seconds from the beginning."""
    return {
        "event_id": event_id,
        "type": f"uk.waypost.x.{fact}.v1",
        "audience": None,
        "written_at": after(at),
        "sent_at": None if sent is None else after(sent),
        "attempts": 0,
        "problem": None,
        "position": None,
        "cause": None,
        "codes": {},
    } | about


def taken(event_id: str, at: float, attempts: int = 1) -> Json:
    return {"event_id": event_id, "taken_at": after(at), "attempts": attempts, "error": None, "given_up": False}


def failed(event_id: str, parked: bool) -> Json:
    return {
        "event_id": event_id,
        "type": "uk.waypost.x.referral.submitted.v1",
        "error": "ValueError",
        "place": "services.x:y:1",
        "attempts": 10,
        "first_failed_at": after(1),
        "failed_at": after(60),
        "due_at": None if parked else after(90),
        "parked_at": after(60) if parked else None,
    }


def agreed(at: float, *scope: str, kind: str = "given", runs_out: float | None = None) -> Json:
    return {
        "at": after(at),
        "kind": kind,
        "scope": list(scope),
        "runs_out_at": None if runs_out is None else after(runs_out),
    }


def moved(at: float, action: str, state: str, reason: str | None = None, agency: str = AGENCY) -> Json:
    about = {"task_id": f"task-{agency}", "agency": agency, "role": "system", "actor": "waypost", "state": "x"}
    return about | {"at": after(at), "action": action, "next": state, "reason": reason}


def parts_of(**changes: Json) -> dict[str, Json]:
    """Services that know nothing but what is said."""
    whole: dict[str, Json] = {
        "referrals": {"kind": "family-support", "agreements": [], "looks": [], "erased": None},
        "eligibility": {"assessments": []},
        "routing": {name: [] for name in ("queued", "tasks", "moves", "reads", "chases", "rulings", "webhooks")}
        | {"agencies": {AGENCY: "Families Apart"}, "review": None},
        "notifications": {"messages": []},
    }
    for name, part in whole.items():
        part |= {"events": [], "taken": [], "failures": [], "acts": [], "hears": []} | changes.get(name, {})
        part["taken_by_id"] = {each["event_id"]: each for each in part["taken"]}
        part["failed_by_id"] = {each["event_id"]: each for each in part["failures"]}
    return whole


def submitted(**changes: Json) -> dict[str, Json]:
    """A referral that was taken at once and sent a moment later; `changes` to what services know."""
    told = {"events": [event("e-1", "referral.submitted", 0, 0.01)], "agreements": [agreed(-0.001, AGENCY)]}
    heard = {"hears": ["uk.waypost.x.referral.submitted.v1"]}
    return parts_of(referrals=told, **{"eligibility": heard, **changes})


def whole(parts: dict[str, Json], now: datetime, at: datetime | None = None) -> Json:
    """As `trace_of` puts it together."""
    from dataclasses import asdict

    from services.operations.trace_line import lanes

    entries = line(parts, now)
    return {
        "referral_id": "r-1",
        "now": now,
        "at": at or now,
        "agencies": parts["routing"]["agencies"],
        "lanes": lanes(entries),
        "waits": [asdict(each) for each in waits(entries, parts, now)],
        "sight": sight(parts, at or now, now),
        "entries": [asdict(each) for each in entries],
    }


def test_an_event_tells_how_long_it_waited_to_be_sent_and_to_be_heard() -> None:
    parts = submitted(
        eligibility={"hears": [], "taken": [taken("e-1", 0.05)]},
        routing=parts_of()["routing"] | {"taken": [taken("e-1", 9.01, attempts=3)]},
    )
    (entry,) = line(parts, after(60))
    assert (entry.lane, entry.code, entry.seconds, entry.about) == (
        "referrals",
        "referral.submitted",
        0.01,
        {"agencies": [AGENCY]},
    )
    assert [(hop.to, hop.state, round(hop.seconds or 0, 2), hop.attempts) for hop in entry.hops] == [
        ("eligibility", "done", 0.05, 1),
        ("routing", "slow", 9.01, 3),
    ]
    assert entry.state == "slow"
    assert waits([entry], parts, after(60)) == []


@pytest.mark.parametrize(
    ("known", "code", "where"),
    [
        ({"hears": ["uk.waypost.x.referral.submitted.v1"]}, "not-taken", "eligibility"),
        ({"failures": [failed("e-1", parked=False)]}, "retrying", "eligibility"),
        ({"failures": [failed("e-1", parked=True)]}, "parked", "eligibility"),
        ({"failures": [failed("e-of-nobody", parked=True)]}, "parked", "eligibility"),
        ({"failures": [failed("e-1", parked=False) | {"error": "paused", "attempts": 0}]}, "paused", "eligibility"),
    ],
)
def test_what_stands_still_is_named_with_where_and_for_how_long(known: Json, code: str, where: str) -> None:
    parts = submitted(eligibility=known)
    found = waits(line(parts, after(600)), parts, after(600))
    assert [(each.code, each.lane) for each in found][:1] == [(code, where)]
    assert found[0].seconds >= 590
    told = Telling(CATALOGUE, whole(parts, after(600))).waits()[0]
    assert "Eligibility" in told.text
    paths = {"parked": f"/parked/eligibility/messages/{found[0].id}", "paused": "/pauses"}
    assert told.path == paths.get(code)


def test_what_was_not_sent_is_named_and_what_takes_a_moment_is_not() -> None:
    parts = parts_of(referrals={"events": [event("e-1", "referral.submitted", 0)]})
    assert waits(line(parts, after(1)), parts, after(1)) == []
    assert [each.code for each in waits(line(parts, after(20)), parts, after(20))] == ["unsent"]


ASKED = [moved(10, "request", "requested")]


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"routing": []}, [(0, "nothing")]),
        ({"routing": ASKED}, [(0, "nothing"), (10, "family")]),
        (
            # Refused from the moment on at which it is withdrawn, though routing hears of it later.
            {
                "agreements": [agreed(0, AGENCY), agreed(20, AGENCY, kind="withdrawn")],
                "routing": [*ASKED, moved(21, "cancel", "cancelled", "consent-withdrawn")],
            },
            [(0, "nothing"), (10, "family"), (20, "task"), (21, "recall")],
        ),
        (
            {"agreements": [agreed(0, AGENCY, runs_out=30), agreed(40, AGENCY)], "routing": ASKED},
            [(0, "nothing"), (10, "family"), (30, "task"), (40, "family")],
        ),
        (
            {"agreements": [agreed(0, AGENCY), agreed(20, "time-matters")], "routing": ASKED},
            [(0, "nothing"), (10, "family"), (20, "task")],
        ),
        (
            {"routing": [*ASKED, moved(20, "accept", "accepted"), moved(30, "complete", "completed", "group")]},
            [(0, "nothing"), (10, "family"), (30, "task")],
        ),
        (
            {
                "events": [event("e-2", "referral.withdrawn", 20), event("e-3", "referral.reopened", 30)],
                "routing": ASKED,
            },
            [(0, "nothing"), (10, "family"), (20, "task"), (30, "family")],
        ),
        (
            # The agreements are gone with the key: what was asked, and what events there were, is left.
            {
                "agreements": [],
                "erased": {"at": after(50), "reason": "asked-by-family"},
                "events": [
                    event("e-1", "referral.submitted", 0),
                    event("e-2", "consent.withdrawn", 20),
                    event("e-3", "referral.erased", 50),
                ],
                "routing": [*ASKED, moved(21, "cancel", "cancelled", "consent-withdrawn")],
            },
            [(0, "nothing"), (10, "family"), (20, "task"), (21, "recall")],
        ),
        ({"kind": "consultation", "agreements": [], "routing": ASKED}, [(0, "nothing"), (10, "family")]),
    ],
    ids=["not asked", "asked", "withdrawn", "run out", "not covered", "over", "reopened", "erased", "consultation"],
)
def test_what_an_agency_could_see_is_told_from_the_past(about: Json, expected: list[tuple[int, str]]) -> None:
    own = {"agreements": [agreed(0, AGENCY)]} | {name: value for name, value in about.items() if name != "routing"}
    parts = parts_of(referrals=own, routing={"moves": about["routing"]})
    (mine,) = [each for each in sight(parts, after(100), after(100)) if each["agency"] == AGENCY]
    changes = [(each["since"] or START, each["level"]) for each in mine["periods"]]
    assert changes == [(after(seconds), level) for seconds, level in expected]
    for number, (seconds, level) in enumerate(expected):
        for moment in (seconds, seconds + 0.5):
            (then,) = [each for each in sight(parts, after(moment), after(100)) if each["agency"] == AGENCY]
            assert (then["level"], bool(then["parts"])) == (level, level == "family"), (number, moment)
        assert mine["periods"][number]["because"] in CATALOGUE.section("trace-because")


def test_what_agencies_see_follows_the_same_words_as_the_services_that_decide_it() -> None:
    assert set(OPEN) == set(OPEN_TASKS)
    assert {how for how in ENDS.values() if how} == set(_ENDED.values())


def test_every_code_has_its_word() -> None:
    facts = {".".join(schema.type().split(".")[3:-1]) for schema in EVENTS}
    assert facts - set(CATALOGUE.section("trace-events")) == set()
    assert set(load_templates()) - set(CATALOGUE.section("trace-messages")) == set()
    assert set(WHY_CANCELLED) - set(CATALOGUE.section("trace-because")) == set()


def test_the_picture_has_a_lane_for_each_and_long_waits_are_marked_not_drawn() -> None:
    parts = submitted(
        eligibility={"taken": [taken("e-1", 0.1)]},
        routing=parts_of()["routing"] | {"moves": [moved(200_000, "note", "accepted")]},
    )
    picture = picture_of(whole(parts, after(200_001)))
    assert len(picture.lanes) == 5
    assert len(picture.breaks) == 1
    assert picture.width == round(WIDE + RIGHT)
    assert [(kind, look) for kind, look, _ in picture.paths] == [("link", "calm"), ("bar", "calm"), ("dot", "calm")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "12 ms"), (1.44, "1.4 s"), (200, "3 min 20 s"), (3600, "1 h"), (187_200, "2 d 4 h")],
)
def test_how_long_is_told_as_people_say_it(seconds: float, text: str) -> None:
    assert span(seconds) == text
