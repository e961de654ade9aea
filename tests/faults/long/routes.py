"""Every route of every contract, asked with what fits it and what does not, by everybody who has a key, or none.

None may be answered with a 5xx or tell of anybody whom the asker may not see, in an answer or in a log; and afterwards
referrals are taken as before.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from shared.settings import HTTP_PORTS
from tests.faults.long.driver import Row, named_in_logs
from tests.faults.long.scenario import Ground, Scenario, Servers, ground_of
from tests.support.system import ROOT, System, wait_until

UNLIMITED = {
    f"WAYPOST_{name}": "1000000" for name in ("KEY_RATE", "KEY_BURST", "ADDRESS_RATE", "ADDRESS_BURST", "FAILED_BURST")
}
EVERY_ROUTE = Scenario("every route, with every key and anything at all", lambda ground: "", environment=UNLIMITED)
SCOPES = {
    "operations": ("data-protection", "people:read", "people:write", "operations:read", "operations:write"),
    "routing": ("people:read", "people:write", "tasks:read", "tasks:write", "events:read"),
}


def every_route(servers: Servers, seed: int, least: int) -> Row:
    """`least` is how often each route is asked with each key: with what fits its contract, and what does not."""
    return asked_everything(EVERY_ROUTE, servers, seed, least)


def asked_everything(scenario: Scenario, servers: Servers, seed: int, examples: int) -> Row:
    folder = Path(tempfile.mkdtemp(prefix="inputs-", dir=servers.folder))
    with ground_of(scenario, servers, folder, seed) as ground:
        ground.ledger.post(3)
        ground.ledger.wait()
        wait_until(ground.system.is_quiet, "three referrals to be passed on", seconds=60)
        told = [_asked(ground, service, seed, examples) for service in HTTP_PORTS]
        named = named_in_logs(ground.system, servers)
        ground.ledger.post(3)
        ground.ledger.wait()
    answers = sum((Counter(each["answers"]) for each in told), Counter[str]())
    troubles = [trouble for each in told for trouble in each["troubles"]]
    print("\n".join([*troubles, *named[:20]]))
    if ground.ledger.acknowledged < 6:
        troubles.append("afterwards no referral was taken")
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(answers.items()))
    trouble = "; ".join([*troubles[:3], *([f"logs name somebody in {len(named)} places"] if named else [])])
    return Row(
        scenario.name,
        seed,
        f"{sum(answers.values()):,} asked: {counted}",
        ground.ledger.acknowledged,
        trouble=trouble,
    )


def _asked(ground: Ground, service: str, seed: int, examples: int) -> dict[str, Any]:
    system = ground.system
    keys = {"": "", "a wrong key": "wp_nobody_0000", **_keys(system, service)}
    about = {
        "contract": str(ROOT / "docs" / "contracts" / f"openapi.{service}.json"),
        "url": f"http://127.0.0.1:{system.settings.ports[service]}",
        "keys": keys,
        "strangers": [name for name in keys if name in ("", "a wrong key", "a stranger") or "elsewhere" in name],
        "known": _known(ground),
        "seed": seed,
        "examples": examples,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.long.asker", json.dumps(about)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"the asker of {service} failed: {done.stderr[-2000:]}"
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _keys(system: System, service: str) -> dict[str, str]:
    """Keys of this service by name, one of another organisation, and one of another service."""
    elsewhere = next(name for name in HTTP_PORTS if name != service)
    keys = {f"a key from elsewhere ({elsewhere})": system.key(elsewhere, "families-apart")}
    if service == "referrals":
        return keys | {"its school": system.key(service, "test-school"), "a stranger": system.key(service, "elsewhere")}
    if service == "routing":
        keys["its agency"] = system.key(service, "families-apart")
    owner = "families-apart" if service == "routing" else "duty"
    scopes = [word for scope in SCOPES[service] for word in ("--scope", scope)]
    return keys | {"all scopes": system.waypost("keys", "create", service, owner, *scopes).strip()}


def _known(ground: Ground) -> dict[str, str]:
    (task,) = ground.system.rows(
        "routing", "SELECT id, referral_id FROM tasks WHERE agency = 'families-apart' LIMIT 1"
    ) or [("", "")]
    referral = task[1] or next(iter(ground.ledger.entries[0].ids))
    return {name: value for name, value in (("referral_id", referral), ("task_id", task[0])) if value}


FAULTS = {EVERY_ROUTE.name: every_route}
