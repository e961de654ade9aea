"""`waypost agencies rehearse`: an agency whose system behaves is told so, and one whose system does not is told what it did."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.support.callers import ANSWER_WITHIN, Json, World
from tests.support.process import Process
from tests.support.system import ROOT, wait_until

AGENCY = "time-matters"
STEPS = ("plain", "duplicate", "reordered", "late", "recalled")
ROUTED, RECALLED = "uk.waypost.routing.referral.routed.v1", "uk.waypost.routing.task.recalled.v1"

pytestmark = pytest.mark.parametrize("world", ["default"], indirect=True)
Calls = Callable[[str, str], None]


def careful(event: Json, call: Calls, known: dict[str, str]) -> None:
    """Takes each event once, and none that is older than what it has of the task."""
    task = event["data"]["task_id"]
    if event["sequence"] <= known.get(task, ""):
        return
    known[task] = event["sequence"]
    if event["type"] == ROUTED:
        call("GET", task)
        call("POST", f"{task}/accept")
    elif event["type"] == RECALLED:
        call("POST", f"{task}/acknowledge-recall")


def careless(event: Json, call: Calls, _known: dict[str, str]) -> None:
    """Accepts whatever comes, as often as it comes, and knows no recall."""
    if event["type"] == ROUTED:
        call("POST", f"{event['data']['task_id']}/accept")


def rehearse(
    world: World, folder: Path, does: Callable[[Json, Calls, dict[str, str]], None]
) -> tuple[int, dict[str, str]]:
    """The exit code of the command, and the line of its report for each step, while the agency does what it does."""
    env = {
        "WAYPOST_OPERATIONS_URL": world.system.operations_url,
        "WAYPOST_KEY": world.system.key("operations", "test-operations"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "COLUMNS": "300",
    }
    words = ["agencies", "rehearse", AGENCY, "--wait", "20"]
    command = Process([sys.executable, "-m", "services", *words], log=folder / "rehearsal.log", env=env, cwd=folder)
    world.time_matters.listen()
    heard, known = len(world.time_matters.heard), dict[str, str]()

    def call(method: str, path: str) -> None:
        url = f"{world.system.routing_url}/v1/tasks/{path}"
        requests.request(method, url, headers=world.system.headers("routing", AGENCY), timeout=ANSWER_WITHIN)

    def ended() -> bool:
        nonlocal heard
        world.time_matters.listen()
        for event in world.time_matters.heard[heard:]:
            assert event["rehearsal"] is True
            does(event, call, known)
        heard = len(world.time_matters.heard)
        return not command.alive

    command.start()
    wait_until(ended, "the rehearsal to end", seconds=60)
    told = command.text().splitlines()
    return command.wait(), {step: next((line for line in told if f" {step} " in line), "") for step in STEPS}


def test_an_agency_that_behaves_is_told_so(world: World, tmp_path: Path) -> None:
    code, told = rehearse(world, tmp_path, careful)
    assert code == 0, told
    assert "✓ handled the duplicate once" in told["duplicate"]
    assert "✓ stopped, though the recall came first" in told["reordered"]
    assert "✓ stopped after the recall" in told["recalled"]
    assert all("✓ answered once" in told[step] for step in ("plain", "late"))


def test_an_agency_that_does_not_is_told_what_it_did(world: World, tmp_path: Path) -> None:
    code, told = rehearse(world, tmp_path, careless)
    assert code == 1, told
    assert "✓ answered once" in told["plain"]
    assert "✗ accepted twice" in told["duplicate"]
    assert "✗ went on after the recall (accept); did not acknowledge the recall" in told["reordered"]
    assert "✗ did not acknowledge the recall" in told["recalled"]
