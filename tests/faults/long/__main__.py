"""`python -m tests.faults.long [name…] [--seed N] [--referrals N]`: breaks Waypost in every way that is known, and tells.

Names, or parts of names, choose rows, in this order; without any, all are run. Each renews its row of docs/reliability.md.
Ends with 1 when one failed.
"""

# Before anything else is imported, as in the tests' conftest.py: services and harness run on eventlet.
import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

from shared.green import patch  # noqa: E402

patch()

import argparse  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402

from bench.machine import ROOT, described  # noqa: E402
from tests.faults.long import (  # noqa: E402
    broker,
    clock,
    cluster,
    cluster_upgrade,
    database,
    inputs,
    lives,
    network,
    processes,
    routes,
    upgrade,
)
from tests.faults.long.driver import Row, run  # noqa: E402
from tests.faults.long.report import page, table  # noqa: E402
from tests.faults.long.results import Result, keep, last_of_each  # noqa: E402
from tests.faults.long.scenario import Servers  # noqa: E402
from tests.support.families import registers  # noqa: E402
from tests.support.postgres import Postgres  # noqa: E402
from tests.support.rabbitmq import RabbitMQ  # noqa: E402
from tests.support.system import places_folder  # noqa: E402

REPORT = ROOT / "docs" / "reliability.md"
REFERRALS = 120

Fault = Callable[[Servers, int, int], Row]
"""Given servers, a seed and the least number of referrals."""

PARTS: dict[str, dict[str, Fault]] = {
    title: {scenario.name: partial(run, scenario) for scenario in scenarios}
    for title, scenarios in {
        "Processes": [*processes.SCENARIOS, *upgrade.SCENARIOS],
        "Broker": broker.SCENARIOS,
        "Database": database.SCENARIOS,
        "Network": network.SCENARIOS,
        "Clock": clock.SCENARIOS,
        "Input": inputs.SCENARIOS,
    }.items()
}
PARTS["Broker"] |= cluster.FAULTS | cluster_upgrade.FAULTS
PARTS["Database"] |= database.OTHERS
PARTS["Input"] |= routes.FAULTS | lives.FAULTS
FAULTS = {name: fault for faults in PARTS.values() for name, fault in faults.items()}


def main() -> int:
    names = list(FAULTS)
    parser = argparse.ArgumentParser(prog="python -m tests.faults.long", epilog="Rows: " + "; ".join(names))
    parser.add_argument("names", nargs="*", help="parts of names of rows; all rows when none is given")
    parser.add_argument("--seed", type=int, help="of every row; each has one of its own when it is not given")
    parser.add_argument("--referrals", type=int, default=REFERRALS, help="the least number in each row")
    asked = parser.parse_args()
    chosen = list(dict.fromkeys(name for part in asked.names or [""] for name in names if part in name))
    if not chosen:
        parser.error("no row has such a name")
    facts = described()
    failed = []
    with _servers() as servers:
        for name in chosen:
            seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
            print(f"\n== {name}, seed {seed}", flush=True)
            result = Result(
                FAULTS[name](servers, seed, asked.referrals), f"{datetime.now(UTC):%Y-%m-%d %H:%M}", facts["revision"]
            )
            keep(result)
            REPORT.write_text(page(facts, PARTS, last_of_each()))
            print(table([result]), flush=True)
            failed += [name] if result.row.trouble else []
    print(f"{len(chosen) - len(failed)} of {len(chosen)} passed." + "".join(f"\nfailed: {name}" for name in failed))
    return 1 if failed else 0


@contextmanager
def _servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="waypost-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # PostgreSQL, which root starts as another user, must be able to reach its own folder inside.
        folder.chmod(0o711)
        for each in ("postgres", "rabbitmq"):
            (folder / each).mkdir()
        servers = Servers(
            folder,
            places_folder(folder, *registers(folder)),
            Postgres(folder / "postgres").start(),
            RabbitMQ(folder / "rabbitmq").start(),
        )
        try:
            yield servers
        finally:
            servers.postgres.stop()
            servers.rabbitmq.stop()


if __name__ == "__main__":
    sys.exit(main())
