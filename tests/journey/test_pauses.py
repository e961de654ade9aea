"""Operations pause a service, see what waits because of it, and let it go on with nothing lost: by command and by API."""

import pytest
import requests

from tests.support.callers import World, wait_for_mail
from tests.support.families import family
from tests.support.people import signed_in
from tests.support.system import System, wait_until

WHY = "the mail server moves"


def operations(system: System, method: str, path: str, **about: object) -> requests.Response:
    headers = system.headers("operations", "test-operations")
    return requests.request(method, system.operations_url + path, headers=headers, timeout=20, **about)  # type: ignore[arg-type]


def paused(system: System) -> list[dict[str, object]]:
    return [each for each in system.queues()["concerns"] if each["code"] == "paused"]


def test_a_service_is_paused_by_command_and_goes_on_by_the_api_with_nothing_lost(world: World) -> None:
    system, key = world.system, world.system.key("operations", "test-operations")
    told = system.waypost("pause", "notifications", "--reason", WHY, env={"WAYPOST_KEY": key})
    assert "notifications is paused" in told
    # The process may look for pauses two seconds later; whatever comes after that waits.
    wait_until(lambda: paused(system), "the overview to name it")
    held = []

    def one_more_waits() -> bool:
        held.append(world.referrer.post(family()).json())
        world.families_apart.wait_for(held[-1]["id"], "referral.routed")
        return bool(paused(system)[0]["count"])

    wait_until(one_more_waits, "a message that waits")
    (concern,) = paused(system)
    assert (concern["why"], concern["service"], concern["level"]) == (WHY, "notifications", "look")
    assert str(concern["by"]).startswith("key:")
    assert WHY in system.waypost("pause", env={"WAYPOST_KEY": key})
    assert f"because: {WHY}" in system.waypost("queues", env={"WAYPOST_KEY": key})
    again = operations(system, "POST", "/v1/pauses", json={"target": "notifications", "reason": WHY})
    assert (again.status_code, again.json()["code"]) == (409, "already-paused")

    done = operations(system, "DELETE", "/v1/pauses/notifications")
    assert (done.status_code, done.json()["target"]) == (200, "notifications")
    for each in held:
        wait_for_mail(system, "families-apart@example.org", each["reference"])
    world.wait_until_quiet()
    assert paused(system) == []
    assert operations(system, "DELETE", "/v1/pauses/notifications").status_code == 404
    audit = operations(system, "GET", "/v1/audit?service=notifications").json()["items"]
    assert [item["action"] for item in audit[:2]] == ["resume.handling", "pause.handling"]


@pytest.mark.parametrize("target", ["somebody.webhook", "families-apart.pigeon", "operations", "."])
def test_only_what_is_there_is_paused(world: World, target: str) -> None:
    refused = operations(world.system, "POST", "/v1/pauses", json={"target": target, "reason": WHY})
    assert refused.status_code == 404
    assert operations(world.system, "POST", "/v1/pauses", json={"target": "routing", "reason": ""}).status_code == 422


def test_who_only_reads_sees_pauses_and_cannot_act(world: World) -> None:
    system = world.system
    key = system.waypost("keys", "create", "operations", "reader", "--scope", "operations:read").strip()
    reader = {"Authorization": f"Bearer {key}"}
    url = system.operations_url
    assert requests.get(url + "/v1/pauses", headers=reader, timeout=20).json()["silent"] == []
    asked = {"target": "routing", "reason": WHY}
    assert requests.post(url + "/v1/pauses", json=asked, headers=reader, timeout=20).status_code == 403
    assert requests.delete(url + "/v1/pauses/routing", headers=reader, timeout=20).status_code == 403
    cookies = signed_in(system, "operations", "operations", "auditor", "Test Auditor")
    page = requests.get(url + "/pauses", cookies=cookies, timeout=20)
    assert page.status_code == 200
    assert 'method="post" action="/pauses' not in page.text
