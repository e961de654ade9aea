"""The database: killed, restarted, its back ends terminated, its tables locked, its connections used up, restored."""

import contextlib
import subprocess
from dataclasses import replace

import eventlet
import psycopg

from shared.settings import SERVICES
from tests.faults.long.driver import Row, run
from tests.faults.long.scenario import Ground, Scenario, Servers
from tests.support.postgres import Postgres
from tests.support.system import wait_until

THEIR_SESSIONS = "FROM pg_stat_activity WHERE datname = %s AND usename = ANY(%s) AND pid <> pg_backend_pid()"
LOCKED_SECONDS = 12.0
"""Longer than a service waits for a lock."""


def _kill(ground: Ground) -> str:
    ground.postgres.kill()
    return f"killed with all its back ends, {ground.ledger.acknowledged} acknowledged before"


def _end(ground: Ground) -> str:
    ground.postgres.stop()
    return f"ended in order, {ground.ledger.acknowledged} acknowledged before"


def _start(ground: Ground) -> None:
    ground.postgres.start()


def _terminate(ground: Ground) -> int:
    query = f"SELECT count(pg_terminate_backend(pid)) {THEIR_SESSIONS}"
    return int(ground.postgres.psql(query, (ground.database, list(SERVICES)))[0][0])


def _terminate_often(ground: Ground) -> str:
    ended = 0
    for _ in range(6):
        ended += _terminate(ground)
        eventlet.sleep(ground.chance.uniform(0.1, 1))
    assert ended, "there was no session to end"
    return f"{ended} sessions ended, in 6 rounds"


def _connected(ground: Ground, role: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(ground.postgres.url(role, database=ground.database).replace("+psycopg", ""))


def _lock(ground: Ground) -> str:
    with _connected(ground) as connection:
        for table in ("referrals.outbox", "eligibility.inbox", "routing.outbox"):
            connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE".encode())
        waiting = f"SELECT count(*) {THEIR_SESSIONS} AND wait_event_type = 'Lock'"

        def wait() -> int:
            return int(ground.postgres.psql(waiting, (ground.database, list(SERVICES)))[0][0])

        seen = wait_until(wait, "statements that wait for the locks")
        eventlet.sleep(LOCKED_SECONDS)
        seen = max(seen, wait())
    return f"three tables locked for {LOCKED_SECONDS:.0f} s, {seen} statements waiting"


def _use_up(ground: Ground) -> str:
    """Others take every connection; the services lose theirs and cannot have new ones."""
    taken: list[psycopg.Connection[tuple[object, ...]]] = []

    def take_all() -> None:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.append(_connected(ground, "operations"))

    take_all()
    mine = [each.info.backend_pid for each in taken]
    query = f"SELECT count(pg_terminate_backend(pid)) {THEIR_SESSIONS} AND pid <> ALL(%s)"
    (lost,) = ground.postgres.psql(query, (ground.database, list(SERVICES), mine))[0]
    take_all()
    eventlet.sleep(5)
    for each in taken:
        each.close()
    return f"{len(taken)} connections taken by others for 5 s; services lost {lost}"


def _fill(ground: Ground) -> str:
    """The disk of the database is full to the last byte; what was to be written is refused."""
    log = ground.postgres.folder / "postgres.log"
    before = log.read_text(errors="replace").count(FULL)
    with contextlib.suppress(OSError), (ground.postgres.folder.parent / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 10, 1):
            with contextlib.suppress(OSError):
                while True:
                    filler.write(b"x" * size)
    wait_until(
        lambda: log.read_text(errors="replace").count(FULL) > before, "the database to run out of disk", seconds=60
    )
    eventlet.sleep(ground.chance.uniform(3, 6))
    return f"disk full; `{FULL}` {log.read_text(errors='replace').count(FULL) - before} times"


def _make_room(ground: Ground) -> None:
    (ground.postgres.folder.parent / "filler").unlink()
    if not ground.postgres.alive:
        ground.postgres.start()


FULL = "No space left on device"
OUT_OF_DISK = Scenario("out of disk", _fill, _make_room)


def out_of_disk(servers: Servers, seed: int, least: int) -> Row:
    """On a PostgreSQL of its own, on a small disk in memory; only root may make one."""
    small = servers.folder / "small"
    small.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m,mode=0711", "waypost", small], check=True)
    try:
        (small / "postgres").mkdir()
        postgres = Postgres(small / "postgres").start()
        try:
            return run(OUT_OF_DISK, replace(servers, postgres=postgres), seed, least)
        finally:
            postgres.stop()
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)


def _restore(ground: Ground) -> str:
    """What came after the backup is lost; its clients repeat it under the same keys, as docs/operations.md has it."""
    system, ledger, folder = ground.system, ground.ledger, ground.system.data.parent / "backup"
    system.waypost("backup", str(folder))
    until = ledger.acknowledged + 20
    wait_until(lambda: ledger.acknowledged >= until, "referrals that the backup does not have", seconds=60)
    system.stop()
    system.waypost("restore", str(folder), "--yes")
    there = {row[0] for row in system.rows("referrals", "SELECT id FROM referrals")}
    lost = [entry for entry in ledger.entries if entry.outcome == "acknowledged" and not entry.ids & there]
    assert lost, "nothing came after the backup"
    system.start()
    for entry in lost:
        ledger.repeat(entry)
    return f"{len(lost)} came after the backup, and were repeated by their clients"


SCENARIOS = [
    Scenario("the database killed (SIGKILL)", _kill, _start, (1, 4)),
    Scenario("the database restarted", _end, _start, (1, 4)),
    Scenario("sessions in the database ended by force", _terminate_often),
    Scenario("tables locked by somebody else", _lock),
    Scenario("too many connections to the database", _use_up),
    # Of what was lost, agencies and people had heard: that is not taken back.
    Scenario("restored from a backup", _restore, apart_from=(": heard", "e-mails")),
]
OTHERS = {OUT_OF_DISK.name: out_of_disk}
