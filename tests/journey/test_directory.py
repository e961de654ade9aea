"""The directory changes while the whole system runs, by the command line: every service goes by it, and then back again."""

from pathlib import Path

import requests

from shared.directory.reader import files_of
from tests.support.callers import World
from tests.support.families import family
from tests.support.system import wait_until

NAME = "time-matters.yaml"


def wait_until_all_go_by(world: World, version: str) -> None:
    """A service that did not hear at once hears within seconds."""

    def all_do() -> bool:
        headers = world.system.headers("operations", "test-operations")
        answer = requests.get(f"{world.system.operations_url}/v1/directory", headers=headers, timeout=20)
        # Nobody should ask as often as a test does.
        assert answer.status_code in (200, 429), answer.text
        return answer.ok and [each["version"] for each in answer.json()["services"]] == [version] * 4

    wait_until(all_do, f"every service to go by {version}")


def test_a_changed_directory_is_tried_published_by_a_second_person_and_taken_back(world: World, tmp_path: Path) -> None:
    referral_id = world.referrer.refer(family())
    world.referrer.wait_for(referral_id, "routed")
    anne = {"WAYPOST_KEY": world.system.key("operations", "test-operations")}
    bob = {"WAYPOST_KEY": world.system.key("operations", "test-bob")}
    before = world.system.waypost("directory", "live", env=anne).split()[2]
    (tmp_path / NAME).write_text(files_of()[NAME].replace("verified_on: null", "verified_on: 2026-11-18"))

    drafted = world.system.waypost("directory", "draft", str(tmp_path / NAME), "--note", "Made up", env=anne).split()
    draft, version = drafted[1], drafted[2]
    assert "newly" not in world.system.waypost("directory", "try", draft, env=anne)
    url = f"{world.system.operations_url}/v1/directory/drafts/{draft}/publication"
    own = requests.post(url, headers={"Authorization": f"Bearer {anne['WAYPOST_KEY']}"}, timeout=20)
    assert (own.status_code, own.json()["code"]) == (409, "second-person")
    world.system.waypost("directory", "publish", draft, env=bob)
    wait_until_all_go_by(world, version)
    another = world.referrer.refer(family())
    (receipt,) = {each["receipt"]["directory"] for each in world.referrer.wait_for(another, "routed")["receipts"]}
    assert receipt == version

    world.system.waypost("directory", "back", env=anne)
    wait_until_all_go_by(world, before)
