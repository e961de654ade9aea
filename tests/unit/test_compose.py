"""What docker-compose.yml promises of every container: it is watched, bounded, unprivileged, and holds no secret."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVICES = ["referrals", "eligibility", "routing", "notifications", "operations"]
SERVERS = ["postgres", "broker"]
MONITORING = ["prometheus", "grafana", "node", "blackbox"]

every_container = pytest.mark.parametrize("name", sorted(CONTAINERS))
every_long_running_container = pytest.mark.parametrize("name", [*SERVERS, *SERVICES, *MONITORING, "proxy"])


def secret_names(name: str) -> set[str]:
    return {entry if isinstance(entry, str) else entry["source"] for entry in CONTAINERS[name].get("secrets", [])}


def test_every_service_has_a_container() -> None:
    assert set(CONTAINERS) == {*SERVERS, *SERVICES, *MONITORING, "migrate", "places", "proxy"}


def test_monitoring_and_the_proxy_are_there_for_those_who_ask_for_them() -> None:
    assert {name for name in CONTAINERS if CONTAINERS[name].get("profiles") == ["monitoring"]} == set(MONITORING)
    assert CONTAINERS["proxy"]["profiles"] == ["proxy"]


@every_long_running_container
def test_a_container_that_fails_is_seen_and_started_again(name: str) -> None:
    health = CONTAINERS[name]["healthcheck"]
    assert health["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(health)
    assert CONTAINERS[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_healthy_when_its_own_listener_says_that_it_is_ready(name: str) -> None:
    assert "127.0.0.1:9000/health/ready" in CONTAINERS[name]["healthcheck"]["test"][-1]
    assert CONTAINERS[name]["environment"]["WAYPOST_MANAGEMENT_PORT"] == "9000"
    assert CONTAINERS[name]["command"] == ["run", name]


@every_container
def test_no_container_takes_the_whole_machine(name: str) -> None:
    assert {"mem_limit", "cpus", "pids_limit"} <= set(CONTAINERS[name])


@every_container
def test_no_container_writes_to_its_root_file_system_or_gains_rights(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in container["security_opt"]
    assert "privileged" not in container
    assert "cap_add" not in container


@every_container
def test_no_container_runs_as_root(name: str) -> None:
    folder = CONTAINERS[name].get("build", {}).get("context", ".")
    dockerfile = ROOT / ("deploy/Dockerfile" if folder == "." else f"{folder}/Dockerfile")
    last_user = [line for line in dockerfile.read_text().splitlines() if line.startswith("USER ")][-1]
    user = CONTAINERS[name].get("user", last_user.removeprefix("USER "))
    assert user.partition(":")[0] not in ("", "0", "root")


@every_container
def test_secrets_come_as_files_and_never_as_values(name: str) -> None:
    for variable, value in CONTAINERS[name].get("environment", {}).items():
        if any(word in variable for word in ("PASSWORD", "KEY", "SECRET", "TOKEN")):
            assert variable.endswith("_FILE"), variable
            assert value.startswith("/run/secrets/"), variable
        assert "@" not in value or ":" not in value.partition("://")[2].partition("@")[0], (
            f"{variable} holds a password"
        )


def test_no_secret_has_a_default() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"${{WAYPOST_SECRETS:?run deploy/make-secrets first}}/{name}"


def test_every_secret_that_is_asked_for_is_one_that_make_secrets_makes() -> None:
    script = (ROOT / "deploy/make-secrets").read_text().split()
    for name in CONTAINERS:
        assert secret_names(name) <= set(COMPOSE["secrets"])
    assert set(COMPOSE["secrets"]) <= {word.strip(";") for word in script}


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_given_the_password_of_another_services_tables(name: str) -> None:
    assert {secret for secret in secret_names(name) if secret.startswith("database_")} == {f"database_{name}"}
    assert "postgres_admin" not in secret_names(name)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_starts_before_tables_and_queues_are_there(name: str) -> None:
    assert CONTAINERS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@every_container
def test_ports_are_opened_on_this_machine_alone_but_for_the_proxys(name: str) -> None:
    ports = CONTAINERS[name].get("ports", [])
    assert name == "proxy" or all(port.startswith("127.0.0.1:") for port in ports)
    if name in SERVERS:
        assert ports == []
        assert CONTAINERS[name]["networks"] == ["internal"]


def test_the_proxy_reaches_neither_database_nor_broker() -> None:
    assert CONTAINERS["proxy"]["networks"] == ["public"]
    assert {name for name in CONTAINERS if "public" in CONTAINERS[name].get("networks", [])}.isdisjoint(SERVERS)


def test_what_monitoring_is_told_to_read_is_there() -> None:
    mounted = [
        volume.split(":")[:2] for name in MONITORING for volume in CONTAINERS[name]["volumes"] if volume[0] == "."
    ]
    for source, _ in mounted:
        assert (ROOT / source).exists(), source
    inside = {target: ROOT / source for source, target in mounted}
    prometheus = yaml.safe_load(inside["/etc/prometheus/prometheus.yml"].read_text())
    sites = [
        path
        for job in prometheus["scrape_configs"]
        for found in job.get("file_sd_configs", [])
        for path in found["files"]
    ]
    assert {f"/etc/prometheus/{path}" for path in [*prometheus["rule_files"], *sites]} <= set(inside)
    (provider,) = yaml.safe_load(inside["/etc/grafana/provisioning/dashboards/waypost.yml"].read_text())["providers"]
    assert (inside[provider["options"]["path"]] / "waypost.json").exists()
    (source,) = yaml.safe_load(inside["/etc/grafana/provisioning/datasources/waypost.yml"].read_text())["datasources"]
    dashboard = json.loads((inside[provider["options"]["path"]] / "waypost.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"] if "datasource" in panel} == {source["uid"]}


def test_the_internal_network_reaches_nothing_outside() -> None:
    assert COMPOSE["networks"]["internal"]["internal"] is True
