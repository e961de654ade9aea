"""The alarms: each has a test of its own, words for whoever is called, and a line of the runbook."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.programs import find

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
ALARMS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()

every_alarm = pytest.mark.parametrize("name", sorted(ALARMS))


@pytest.mark.parametrize(
    "words", [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]], ids=["rules", "tests"]
)
def test_prometheus_understands_the_alarms_and_they_sound_when_they_should(words: list[str]) -> None:
    done = subprocess.run(
        [find("promtool", "prometheus", []), *words], cwd=MONITORING, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@every_alarm
def test_an_alarm_says_how_bad_it_is_and_what_it_means(name: str) -> None:
    rule = ALARMS[name]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["description"].endswith(".")
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{name.lower()}"


@every_alarm
def test_an_alarm_has_a_line_of_the_runbook_and_a_test(name: str) -> None:
    line = RUNBOOK.partition(f"#### {name}\n")[2].lstrip().partition("\n")[0]
    assert len(line) > 40, f"docs/operations.md, The alarms, does not say what to do about {name}"
    assert f'alertname="{name}"' in (MONITORING / "alerts.test.yml").read_text()


def test_the_runbook_knows_no_alarm_that_is_gone() -> None:
    assert set(re.findall(r"^#### (Waypost\w+)$", RUNBOOK, re.MULTILINE)) == set(ALARMS)
