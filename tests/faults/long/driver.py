"""Runs one scenario: referrals arrive at their own pace, something breaks, is mended, and all that was promised is compared.

Arrivals do not wait for answers, as families do not: what the system cannot take waits at its door. Time to recovery is from
the mending until everything that was acknowledged by then has been decided, with arrivals going on.
"""

import random
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import eventlet

from tests.faults.long.scenario import Ground, Scenario, Servers, ground_of
from tests.support.callers import by_feed, by_queue
from tests.support.ledger import Finding, Ledger, compare, table_of
from tests.support.logbook import places_in
from tests.support.system import System, wait_until

FIRST = (10, 40)
"""Between these numbers of referrals are acknowledged before anything breaks."""
GOES_ON = 3.0
RIGHT_WITHIN = 120.0
OPEN = "SELECT id FROM referrals WHERE status = 'screening'"


@dataclass(frozen=True)
class Row:
    """What came of one scenario. `struck` shows that the fault was real; `trouble` is empty when all is right."""

    name: str
    seed: int
    struck: str = ""
    acknowledged: int = 0
    lost: int = 0
    unexpected: int = 0
    duplicate: int = 0
    recovery: float | None = None
    longest: float | None = None
    trouble: str = ""


def run(scenario: Scenario, servers: Servers, seed: int, least: int) -> Row:
    """Strikes with at least so many referrals; never raises: what went wrong is the row's."""
    folder = Path(tempfile.mkdtemp(prefix="scenario-", dir=servers.folder))
    try:
        with ground_of(scenario, servers, folder, seed) as ground:
            try:
                return _struck(scenario, ground, seed, least)
            finally:
                ground.ledger.abandon()
    except Exception as error:
        traceback.print_exc()
        said = str(error).splitlines() or [""]
        return Row(scenario.name, seed, trouble=f"{type(error).__name__}: {said[0]}"[:160])
    finally:
        servers.mend()


def _struck(scenario: Scenario, ground: Ground, seed: int, least: int) -> Row:
    ledger, chance = ground.ledger, ground.chance
    arriving = eventlet.spawn(_arrive, ledger, random.Random(seed), scenario.rate)
    try:
        enough = chance.randint(*FIRST)
        wait_until(lambda: ledger.acknowledged >= enough, "referrals to be taken before anything breaks", seconds=60)
        struck = scenario.breaks(ground)
        eventlet.sleep(chance.uniform(*scenario.lasts))
        scenario.mends(ground)
        mended = time.monotonic()
        recovering = eventlet.spawn(_seconds_until_decided, ground, mended)
        wait_until(
            lambda: len(ledger.entries) >= least and time.monotonic() > mended + GOES_ON,
            "arrivals to go on",
            seconds=120,
        )
    finally:
        arriving.kill()
    ledger.wait()
    recovery = recovering.wait()
    findings = _findings(ground, scenario.apart_from)
    wrong = [each for each in findings if not each.is_right]
    if wrong:
        print(table_of(wrong))
    return Row(
        scenario.name,
        seed,
        struck,
        ledger.acknowledged,
        sum(each.lost for each in findings),
        sum(each.unexpected for each in findings),
        sum(each.duplicate for each in findings),
        recovery,
        max(entry.seconds for entry in ledger.entries),
        "; ".join([*(f"{each.place} differs" for each in wrong), *_otherwise(ground)]),
    )


def _otherwise(ground: Ground) -> Iterator[str]:
    """What else is wrong: a client that was never told, a log that names somebody."""
    if never := len(ground.ledger.entries) - ground.ledger.acknowledged:
        yield f"{never} never taken"
    if named := named_in_logs(ground.system, ground.servers):
        print("\n".join(named[:20]))
        yield f"logs name somebody in {len(named)} places"


def named_in_logs(system: System, servers: Servers) -> list[str]:
    logs = [*system.data.parent.glob("logs/*.log"), *servers.folder.glob("*/*.log")]
    return [place for path in logs for place in places_in(path)]


def _arrive(ledger: Ledger, chance: random.Random, rate: float) -> None:
    while True:
        ledger.post(1)
        eventlet.sleep(chance.expovariate(rate))


def _seconds_until_decided(ground: Ground, since: float) -> float:
    """How long it took until all that was acknowledged at this moment has been decided."""
    due = {next(iter(entry.ids)) for entry in ground.ledger.entries if entry.outcome == "acknowledged"}
    wait_until(
        lambda: not due & {row[0] for row in ground.system.rows("referrals", OPEN)},
        "what was acknowledged to be decided",
        seconds=RIGHT_WITHIN,
    )
    return time.monotonic() - since


def _findings(ground: Ground, apart_from: tuple[str, ...]) -> list[Finding]:
    """What the comparison says at last: it must be right twice, a second apart."""
    system, ledger = ground.system, ground.ledger
    ledger.ask_again()
    agencies = {"families-apart": by_feed(system, "families-apart")}
    if system.name == "scale":
        agencies["time-matters"] = by_queue(system, "time-matters", ground.rabbitmq.management_url)
    else:
        agencies["time-matters"] = by_feed(system, "time-matters")
    deadline, right = time.monotonic() + RIGHT_WITHIN, 0
    findings: list[Finding] = []
    while right < 2 and time.monotonic() < deadline:
        eventlet.sleep(1)
        compared = compare(ledger, ledger.referrer, system, agencies)
        findings = [each for each in compared if not each.place.endswith(apart_from)]
        right = right + 1 if all(finding.is_right for finding in findings) else 0
    return findings
