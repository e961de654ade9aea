"""What a running Waypost tells Prometheus: everything that the dashboard shows and the alarms watch, and nobody's data."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from shared.settings import SERVICES
from tests.support.callers import World, wait_for_mail
from tests.support.families import LIVERPOOL, PERSONAL, consent, family
from tests.support.programs import find
from tests.support.prometheus import MONITORING, Prometheus, prometheus
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import wait_until

DASHBOARD = json.loads((MONITORING / "dashboards" / "waypost.json").read_text())
QUERIES = [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
ALARMS = (MONITORING / "alerts.yml").read_text()
OF_OTHER_PROGRAMS = re.compile(r"\b(?:node|probe)_\w+")
"""What the machine and the sites are asked for by programs of Prometheus' own, which are not started here."""
RATE_OVER = "20s"
only_at_scale = pytest.mark.parametrize("world", ["scale"], indirect=True)


def addresses(world: World) -> dict[str, str]:
    return {name: world.system.management_url(name).removeprefix("http://") for name in SERVICES}


@pytest.fixture
def watching(world: World, rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[Prometheus]:
    with prometheus(tmp_path, addresses(world), f"127.0.0.1:{rabbitmq.metrics_port}") as running:
        yield running


@only_at_scale
def test_all_that_the_dashboard_shows_and_the_alarms_watch_is_there(world: World, watching: Prometheus) -> None:
    wait_until(lambda: len(watching.ask('up{job="waypost"} == 1')) == len(SERVICES), "all services to be asked")
    for _ in range(2):  # A rate needs something that has grown while it was watched.
        referral_id = world.referrer.refer(family(home=LIVERPOOL, consent=consent("time-matters")))
        world.time_matters.wait_for(referral_id, "referral.routed")
        wait_for_mail(world.system, "time-matters@example.org")

    for title, query in QUERIES:
        if not OF_OTHER_PROGRAMS.search(query):
            shown = partial(watching.ask, query.replace("$__rate_interval", RATE_OVER))
            wait_until(shown, f"a series for {title!r}: {query}")
    for name in sorted(set(re.findall(r"\b(?:waypost|rabbitmq)_\w+", ALARMS))):
        assert watching.ask(name), f"an alarm watches {name}, and there is no such thing"
    assert [target["lastError"] for target in watching.targets() if target["health"] != "up"] == []
    queues = watching.ask("rabbitmq_detailed_queue_messages_unacked")
    assert {queue["metric"]["service"] for queue in queues} >= {"eligibility", "routing"}
    assert not any("queue" in queue["metric"] for queue in queues)


def test_metrics_keep_the_rules_of_their_trade_and_name_no_family(world: World) -> None:
    referral_id = world.referrer.refer(family())
    world.families_apart.wait_for(referral_id, "referral.routed")
    for name, address in addresses(world).items():
        told = requests.get(f"http://{address}/metrics", timeout=20).text
        done = subprocess.run(
            [find("promtool", "prometheus", []), "check", "metrics"], input=told, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), name
        assert not [word for word in [*PERSONAL, referral_id] if word in told]
        assert len(told.splitlines()) < 2000, f"{name} tells more than anybody wants to keep"
