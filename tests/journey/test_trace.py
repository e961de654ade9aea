"""A referral is traced by its reference: one time line of all services, and what each agency could see at any moment."""

import json
from datetime import datetime, timedelta
from typing import Any

import requests

from tests.support.callers import World
from tests.support.families import family
from tests.support.personal import found_in, personal_values


def traced(world: World, reference: str, **asked: str) -> requests.Response:
    url = f"{world.system.operations_url}/v1/trace/{reference}"
    headers = world.system.headers("operations", "test-operations")
    return requests.get(url, params=asked, headers=headers, timeout=20)


def sight(trace: dict[str, Any], agency: str) -> dict[str, Any]:
    return next(each for each in trace["sight"] if each["agency"] == agency)


def test_a_referral_is_followed_through_every_service_and_what_was_seen_is_told_for_any_moment(world: World) -> None:
    body = family()
    accepted = world.referrer.post(body).json()
    referral_id, reference = accepted["id"], accepted["reference"]
    link = world.families_apart.wait_for(referral_id, "referral.routed")["link"]
    assert world.families_apart.read(f"{link}/referral").status_code == 200
    end = {"withdrawn_by": "parent-or-carer", "withdrawn_at": "2026-11-20T10:00:00Z"}
    assert world.referrer.post({"withdrawn": end}, f"/{referral_id}/consent").status_code == 200
    world.families_apart.wait_for(referral_id, "task.recalled")
    world.wait_until_quiet()

    answer = traced(world, reference.lower().replace("-", " "))

    assert answer.status_code == 200, answer.text
    trace = answer.json()
    assert (trace["reference"], trace["status"], trace["silent"]) == (reference, "awaiting-consent", [])
    entries = trace["entries"]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    first = next(entry for entry in entries if entry["code"] == "referral.submitted")
    assert {hop["to"] for hop in first["hops"] if hop["state"] in ("done", "slow")} >= {"eligibility", "routing"}
    assert first["about"]["agencies"] == body["consent"]["agencies"]
    assert all(hop["seconds"] >= 0 and hop["attempts"] >= 1 for hop in first["hops"])
    told = {(entry["lane"], entry["kind"], entry["code"]) for entry in entries}
    assert told >= {
        ("eligibility", "event", "eligibility.assessed"),
        ("routing", "event", "referral.routed"),
        ("agency:families-apart", "told", "referral.routed"),
        ("notifications", "message", "task-new"),
        ("agency:families-apart", "look", "disclosure"),
        ("agency:families-apart", "told", "task.recalled"),
    }

    mine = sight(trace, "families-apart")
    assert [period["level"] for period in mine["periods"]][:2] == ["nothing", "family"]
    assert (mine["level"], mine["because"], mine["parts"], mine["looks"]) == ("recall", "consent-withdrawn", [], 1)
    seen_from = datetime.fromisoformat(mine["periods"][1]["since"])
    before = traced(world, reference, at=(seen_from - timedelta(microseconds=1)).isoformat()).json()
    then = traced(world, reference, at=seen_from.isoformat()).json()
    assert (sight(before, "families-apart")["level"], sight(then, "families-apart")["level"]) == ("nothing", "family")
    assert {"children", "safe-contact", "told"} <= set(sight(then, "families-apart")["parts"])

    told_by_command = world.system.waypost("trace", reference, env=operator(world))
    for text in (answer.text, told_by_command):
        assert [value for value in personal_values(body) if value in text] == []
        assert found_in(text) == []
    assert "referral.submitted" in told_by_command


def test_of_an_erased_referral_the_way_is_left(world: World) -> None:
    body = family()
    accepted = world.referrer.post(body).json()
    world.families_apart.wait_for(accepted["id"], "referral.routed")
    scopes = ("--scope", "data-protection", "--scope", "operations:read")
    officer = {"WAYPOST_KEY": world.system.waypost("keys", "create", "operations", "officer", *scopes).strip()}
    world.system.waypost("erase", accepted["reference"], "--reason", "asked-by-family", "--yes", env=officer)
    world.families_apart.wait_for(accepted["id"], "task.recalled")
    world.wait_until_quiet()

    trace = traced(world, accepted["reference"]).json()

    assert (trace["status"], trace["erased"]["reason"]) == ("erased", "asked-by-family")
    levels = [period["level"] for period in sight(trace, "families-apart")["periods"]]
    assert (levels[:2], levels[-1]) == (["nothing", "family"], "recall")
    assert "referral.erase" in [entry["code"] for entry in trace["entries"] if entry["kind"] == "act"]
    assert found_in(json.dumps(trace)) == []


def test_a_reference_that_is_nobody_s_or_mistyped_is_not_found(world: World) -> None:
    answers = [traced(world, reference) for reference in ("J4K-6YM-YB7", "J4K-6YM-YB8", "%2e%2e")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


def operator(world: World) -> dict[str, str]:
    return {"WAYPOST_KEY": world.system.key("operations", "test-operations")}
