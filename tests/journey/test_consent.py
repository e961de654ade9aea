"""Nothing about a family reaches an agency that its agreement does not cover; when it ends, everything stops."""

from tests.support.callers import World, mails_about
from tests.support.families import consent, family


def test_without_agreement_a_referral_waits_and_is_routed_once_it_is_given(world: World) -> None:
    answer = world.referrer.post(family(consent=None))
    assert (answer.status_code, answer.json()["status"]) == (201, "awaiting-consent")
    referral_id, reference = answer.json()["id"], answer.json()["reference"]
    world.wait_for_timeline(referral_id, {"assessed": 1, "notification-sent": 1})
    world.wait_until_quiet()
    assert world.referrer.one(referral_id)["status"] == "awaiting-consent"
    assert [mail.subject for mail in mails_about(world.system, reference)] == [
        f"Referral {reference} waits for an agreement"
    ]
    assert world.families_apart.about(referral_id) == []

    answer = world.referrer.post({"given": consent("families-apart")}, f"/{referral_id}/consent")

    assert answer.status_code == 200, answer.text
    world.referrer.wait_for(referral_id, "routed")
    world.families_apart.wait_for(referral_id, "referral.routed")
    assert "consent-given" in [item["type"] for item in world.referrer.timeline(referral_id)]


def test_agreement_for_another_agency_alone_is_not_enough(world: World) -> None:
    referral_id = world.referrer.refer(family(consent=consent("time-matters")))

    world.referrer.wait_for(referral_id, "information-requested")

    (asked,) = [item for item in world.referrer.timeline(referral_id) if item["type"] == "information-requested"]
    assert asked["detail"] == {"items": ["consent"], "agencies": ["families-apart"]}
    world.wait_until_quiet()
    assert world.families_apart.about(referral_id) == []
    assert world.time_matters.about(referral_id) == []


def test_agreement_that_is_withdrawn_recalls_what_was_routed(world: World) -> None:
    referral_id = world.referrer.refer(family())
    routed = world.families_apart.wait_for(referral_id, "referral.routed")
    world.referrer.wait_for(referral_id, "routed")
    end = {"withdrawn_by": "parent-or-carer", "withdrawn_at": "2026-11-20T10:00:00Z"}

    answer = world.referrer.post({"withdrawn": end}, f"/{referral_id}/consent")

    assert (answer.status_code, answer.json()["status"]) == (200, "awaiting-consent")
    recalled = world.families_apart.wait_for(referral_id, "task.recalled")
    assert (recalled["task_id"], recalled["reason"]) == (routed["task_id"], "consent-withdrawn")
    task = world.families_apart.read(routed["link"]).json()
    assert (task["state"], task["children"], task["receipt"]) == ("cancelled", [], None)


def test_a_referral_withdrawn_while_it_is_being_routed_ends_withdrawn_and_leaves_no_agency_with_it(
    world: World,
) -> None:
    # Ten at once, withdrawn as soon as they are taken: some before the rules have spoken, some after the routing.
    ids = [world.referrer.refer(family()) for _ in range(10)]
    for referral_id in ids:
        answer = world.referrer.post({"reason": "family-declined"}, f"/{referral_id}/withdrawal")
        assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")

    world.wait_until_quiet()

    for referral_id in ids:
        assert world.referrer.one(referral_id)["status"] == "withdrawn"
        facts = [event["type"].split(".", 3)[3] for event in world.families_apart.about(referral_id)]
        assert facts in ([], ["referral.routed.v1", "task.recalled.v1"])
        assert world.time_matters.about(referral_id) == []
    again = world.referrer.post({"reason": "other"}, f"/{ids[0]}/withdrawal")
    assert again.status_code == 409
    assert "withdraw" not in again.json()["allowed"]


def test_a_referral_withdrawn_after_it_was_routed_is_recalled_and_everybody_is_told(world: World) -> None:
    referral_id = world.referrer.refer(family())
    routed = world.families_apart.wait_for(referral_id, "referral.routed")
    reference = world.referrer.wait_for(referral_id, "routed")["reference"]

    world.referrer.post({"reason": "family-declined"}, f"/{referral_id}/withdrawal")

    recalled = world.families_apart.wait_for(referral_id, "task.recalled")
    assert (recalled["task_id"], recalled["reason"]) == (routed["task_id"], "referral-withdrawn")
    world.wait_for_timeline(referral_id, {"task-cancelled": 1, "notification-sent": 5})
    subjects = {(mail.to, mail.subject) for mail in mails_about(world.system, reference)}
    assert ("families-apart@example.org", f"Referral {reference} has been cancelled") in subjects
    assert ("referrer@example.org", f"Referral {reference} has been withdrawn") in subjects
