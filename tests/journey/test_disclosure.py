"""An agency follows the link that it was sent to the family behind its task, and finds it closed once the agreement ends."""

from tests.support.callers import World
from tests.support.families import family


def test_an_agency_reads_the_family_until_the_agreement_ends_and_the_referrer_sees_that_it_did(world: World) -> None:
    referral_id = world.referrer.refer(family())
    link = world.families_apart.wait_for(referral_id, "referral.routed")["link"]

    shown = world.families_apart.read(f"{link}/referral")
    other = world.time_matters.read(f"{link}/referral")

    assert shown.status_code == 200, shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert list(shown.json())[2:4] == ["told", "safe_contact"]
    assert shown.json()["children"][0]["last_name"] == "Test Child of 9"
    assert other.status_code == 404
    assert [item["type"] for item in world.referrer.timeline(referral_id)].count("looked") == 1

    end = {"withdrawn_by": "parent-or-carer", "withdrawn_at": "2026-11-20T10:00:00Z"}
    assert world.referrer.post({"withdrawn": end}, f"/{referral_id}/consent").status_code == 200
    closed = world.families_apart.read(f"{link}/referral")

    assert (closed.status_code, closed.json()["code"]) == (410, "consent-withdrawn")
    assert "Test Child" not in closed.text
    assert "Test Child" not in world.system.logs()
