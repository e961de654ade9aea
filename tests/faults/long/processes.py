"""Processes: killed, told to end while their handlers are slow, killed at the two moments that matter most, renewed in turn.

The two moments are made by holding one frame of AMQP back, the acknowledgement, in a proxy between service and broker: what is
killed then has done its work and does not know that the other side knows.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import eventlet
import psycopg

from shared.settings import SERVICES
from tests.faults.long.scenario import Ground, Scenario
from tests.support.proxy import DOWN, UP
from tests.support.system import APART, wait_until

ACKNOWLEDGEMENT = bytes.fromhex("0000000d 003c 0050")
"""Of a frame of AMQP 0-9-1: thirteen bytes long, class basic, method ack. Publishers get it as a confirm; consumers send it."""
SLOW_SECONDS = 3.0
TWICE = {**APART, **{f"{name} again": (name,) for name in ("referrals", "eligibility", "routing", "notifications")}}


def killed(service: str) -> Scenario:
    return Scenario(
        f"{service} killed (SIGKILL)",
        lambda ground: _kill(ground, service),
        lambda ground: _start(ground, service),
    )


def _kill(ground: Ground, *groups: str) -> str:
    pids = [ground.system.process(group).pid for group in groups]
    for group in groups:
        ground.system.kill(group)
    return f"{len(pids)} killed, {ground.ledger.acknowledged} acknowledged before"


def _start(ground: Ground, *groups: str) -> None:
    ground.system.start(*groups)


def _kill_at_random(ground: Ground) -> str:
    chosen = [ground.chance.choice(SERVICES) for _ in range(8)]
    for service in chosen:
        ground.system.kill(service)
        eventlet.sleep(ground.chance.uniform(0, 0.5))
        # Not waited for: the next may be killed while this one starts.
        ground.system.process(service).start()
        eventlet.sleep(ground.chance.uniform(0.2, 2))
    for service in SERVICES:
        ground.system.kill(service)
    return "8 killed, some while they started: " + ", ".join(sorted(set(chosen)))


def ended(service: str, table: str) -> Scenario:
    """SIGTERM while what it has in hand waits for a lock: it must finish that, and end by itself."""

    def breaks(ground: Ground) -> str:
        with _held(ground, service, table) as waiting:
            process = ground.system.process(service)
            begun = time.monotonic()
            ending = eventlet.spawn(process.terminate, 40)
            eventlet.sleep(SLOW_SECONDS)
        code = ending.wait()
        assert code == 0, f"{service} ended with {code}"
        return f"{waiting} waited for {table} at SIGTERM; ended by itself after {time.monotonic() - begun:.1f} s"

    return Scenario(
        f"{service} told to end (SIGTERM), its handlers slow", breaks, lambda ground: _start(ground, service)
    )


@contextmanager
def _held(ground: Ground, service: str, table: str) -> Iterator[int]:
    """A table locked as by somebody's long transaction; entered when statements of the service wait for it: so many."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = %s AND wait_event_type = 'Lock'"
    with psycopg.connect(ground.postgres.url(database=ground.database).replace("+psycopg", "")) as connection:
        connection.execute(f"LOCK TABLE {service}.{table} IN EXCLUSIVE MODE".encode())
        yield wait_until(
            lambda: int(ground.postgres.psql(waiting, (ground.database, service))[0][0]),
            f"{service} to wait for {table}",
        )


def _relay_between_publish_and_mark(ground: Ground) -> str:
    """The broker has it, eligibility has taken it, and the confirm never comes to the relay of referrals."""
    ground.by["broker"].hold(DOWN, ACKNOWLEDGEMENT)

    def published() -> set[str]:
        unsent = {
            row[0] for row in ground.system.rows("referrals", "SELECT event_id FROM outbox WHERE sent_at IS NULL")
        }
        return unsent & {row[0] for row in ground.system.rows("eligibility", "SELECT event_id FROM inbox")}

    wait_until(published, "events that are published and not marked")
    ground.system.kill("referrals")
    count = len(published())
    ground.by["broker"].drop()
    assert count, "the relay had marked everything"
    return f"{count} events published, taken by eligibility, and not marked when it was killed"


def _consumer_between_commit_and_acknowledgement(ground: Ground) -> str:
    ground.by["broker"].hold(UP, ACKNOWLEDGEMENT)
    before = ground.count("eligibility", "SELECT count(*) FROM inbox")

    def committed() -> int:
        return ground.count("eligibility", "SELECT count(*) FROM inbox") - before

    wait_until(
        lambda: committed() > 0 and ground.by["broker"].held > 0, "messages that are committed and not acknowledged"
    )
    ground.system.kill("eligibility")
    count = committed()
    ground.by["broker"].drop()
    kept = wait_until(lambda: ground.depth("eligibility"), "the broker to have them back", seconds=30)
    return f"{count} committed, their acknowledgement lost; {kept} in the broker, those and others"


def _renewed_in_turn(ground: Ground) -> str:
    """Two of each but operations; one is told to end, and started, while the other serves."""
    for group in TWICE:
        ground.system.stop(group)
        ground.system.start(group)
    return f"{len(TWICE)} processes renewed; clients that had to try again: {ground.ledger.uncertain}"


SCENARIOS = [
    *(killed(service) for service in SERVICES),
    Scenario(
        "everything killed at once (SIGKILL)",
        lambda ground: _kill(ground, *SERVICES),
        lambda ground: _start(ground, *SERVICES),
    ),
    Scenario(
        "the default killed (SIGKILL)",
        lambda ground: _kill(ground, "everything"),
        lambda ground: _start(ground),
        on_default=True,
    ),
    Scenario("killed again and again, also while starting", _kill_at_random, lambda ground: _start(ground)),
    ended("referrals", "referrals"),
    ended("eligibility", "inbox"),
    ended("routing", "inbox"),
    ended("notifications", "inbox"),
    Scenario(
        "the relay killed between publish and mark",
        _relay_between_publish_and_mark,
        lambda ground: _start(ground, "referrals"),
        proxied=True,
    ),
    Scenario(
        "a consumer killed between commit and acknowledgement",
        _consumer_between_commit_and_acknowledgement,
        lambda ground: _start(ground, "eligibility"),
        proxied=True,
    ),
    Scenario("rolling restart, two of each service", _renewed_in_turn, groups=TWICE, proxied=True, rate=8),
]
