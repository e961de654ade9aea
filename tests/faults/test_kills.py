"""Whatever is killed, and whenever: what was acknowledged is there once, everywhere, and nothing else is.

A failing run can be had again, as nearly as timing allows: WAYPOST_FAULT_SEED is the number that it printed.
"""

import os
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import eventlet
import pytest

from shared.settings import SERVICES
from tests.support.callers import Agency, Referrer, by_feed, by_queue
from tests.support.ledger import Ledger, compare, table_of
from tests.support.pairs import scale_pair
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import APART, System, default_system, scale_system, wait_until

# Longer than any other test: a machine with nothing else to do needs a minute for each.
pytestmark = pytest.mark.timeout(300)

REFERRALS = 500
TAKEN_UP_WITHIN = 60
AGENCIES = ("families-apart", "time-matters")


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("WAYPOST_FAULT_SEED") or random.randrange(1_000_000))


def post_during(
    ledger: Ledger, count: int, chance: random.Random, kill: Callable[[], None], start: Callable[[], object]
) -> None:
    """Posts `count` referrals; somewhere in their midst `kill`, a short outage, `start`. Returns when all are answered."""
    enough = ledger.acknowledged + chance.randrange(1, count // 2)
    posting = eventlet.spawn(ledger.post, count)
    wait_until(lambda: ledger.acknowledged >= enough, "referrals to be taken before the kill", seconds=60)
    kill()
    eventlet.sleep(chance.uniform(0, 0.5))
    start()
    posting.wait()
    ledger.wait()


def assert_all_once(
    ledger: Ledger, system: System, hear: Callable[[str], Agency], seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.ask_again()
    agencies = {agency: hear(agency) for agency in AGENCIES}
    deadline, right = time.monotonic() + TAKEN_UP_WITHIN, 0
    while right < 2 and time.monotonic() < deadline:
        eventlet.sleep(1)
        findings = compare(ledger, Referrer(system), system, agencies)
        right = right + 1 if all(finding.is_right for finding in findings) else 0
    table = table_of(findings)
    with capsys.disabled():
        print(
            f"\n\n{system.name}, seed {seed}: {dict(ledger.outcomes)}, {ledger.uncertain} posted more than once\n{table}"
        )
    assert ledger.outcomes == {"acknowledged": REFERRALS}
    assert all(finding.is_right for finding in findings), table


def test_the_default_killed_ten_times_loses_and_repeats_nothing(
    tmp_path: Path, places: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    with default_system(tmp_path, places) as system:
        ledger = Ledger(Referrer(system), seed)
        for _ in range(10):
            post_during(ledger, REFERRALS // 10, chance, partial(system.kill, "everything"), system.start)

        assert_all_once(ledger, system, lambda agency: by_feed(system, agency), seed, capsys)


def test_services_broker_and_database_killed_in_turn_lose_and_repeat_nothing(
    tmp_path: Path,
    places: Path,
    postgres: Postgres,
    rabbitmq: RabbitMQ,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(seed)
    with scale_system(tmp_path, places, scale_pair(postgres, rabbitmq), APART) as system:
        rabbitmq.write_queues()
        ledger = Ledger(Referrer(system), seed)
        count = REFERRALS // (len(SERVICES) + 2)
        for service in SERVICES:
            post_during(ledger, count, chance, partial(system.kill, service), partial(system.start, service))
        post_during(ledger, count, chance, rabbitmq.kill, rabbitmq.start)
        post_during(ledger, REFERRALS - len(ledger.entries), chance, postgres.kill, postgres.start)

        assert_all_once(ledger, system, lambda agency: by_queue(system, agency, rabbitmq.management_url), seed, capsys)
