"""A Prometheus of the tests' own, which asks as deploy/monitoring/prometheus.yml says, only elsewhere and more often."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.support.process import Process, free_port
from tests.support.programs import find
from tests.support.system import ROOT

MONITORING = ROOT / "deploy" / "monitoring"


class Prometheus:
    """One that has scraped everything at least once."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that a query finds at this moment; fails where it is not understood."""
        answer = requests.get(f"{self._address}/api/v1/query", params={"query": query}, timeout=10)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def targets(self) -> list[dict[str, Any]]:
        """What is asked, and how that went."""
        found: list[dict[str, Any]] = requests.get(f"{self._address}/api/v1/targets", timeout=10).json()["data"][
            "activeTargets"
        ]
        return found


@contextmanager
def prometheus(folder: Path, services: Mapping[str, str], broker: str) -> Iterator[Prometheus]:
    """Asks `services` (name to host and port) and the broker's own metrics at `broker`, every second."""
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(MONITORING / "alerts.yml")]
    elsewhere: dict[str, Sequence[Mapping[str, Any]]] = {
        # Names are looked up in the containers' network; here each service is given with its name.
        "waypost": [{"targets": [address], "labels": {"service": name}} for name, address in services.items()],
        "rabbitmq": [{"targets": [broker]}],
        "rabbitmq-queues": [{"targets": [broker]}],
    }
    jobs = [job for job in config["scrape_configs"] if job["job_name"] in elsewhere]
    for job in jobs:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = elsewhere[job["job_name"]]
        if job["job_name"] == "waypost":
            job.pop("relabel_configs")
    config["scrape_configs"] = jobs
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    process = Process(
        [
            find("prometheus", "prometheus", []),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        log=folder / "prometheus.log",
    )
    process.start()
    try:
        process.wait_for_http(f"http://{address}/-/ready")
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
