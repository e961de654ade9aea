"""Accepted referrals per second and process, against what others would build: the same bodies, client and PostgreSQL.

Before anything is measured each peer must show that it does the work: a repeated call has the first answer, a changed one
is refused, a referral that does not hold together too, and one call leaves one row of each kind.
"""

import time

import psycopg
import requests
from sqlalchemy import create_engine

from bench.client import closed_loop
from bench.intake import WARM_UP, Loads
from bench.peers.store import metadata
from bench.peers_environment import peer, versions
from bench.report import Figure, Table, ratios
from bench.systems import CLIENTS, Servers
from services.commands.demo import EXAMPLE
from tests.support.process import Process, free_port

THREADS = 16
FASTAPI, FLASK = "FastAPI, SQLAlchemy, asyncpg", "Flask, SQLAlchemy, psycopg"


def measure(servers: Servers, rounds: int, seconds: float) -> list[Table]:
    """Waypost and the peers in turns, one process each."""
    scale = servers.scale()
    process = scale.start("referrals")
    closed_loop(scale.port, scale.referrals(), WARM_UP)
    ours = Loads(servers, process, scale.port)
    peers = {FASTAPI: _Peer(servers, "fastapi"), FLASK: _Peer(servers, "flask")}
    loads = {}
    for name, each in peers.items():
        closed_loop(each.port, scale.referrals(), WARM_UP)
        loads[name] = Loads(servers, each.process, each.port)
    for _ in range(rounds):
        ours.load(scale.referrals(), seconds)
        time.sleep(1)
        for load in loads.values():
            load.load(scale.referrals(), seconds)
    scale.stop()
    for each in peers.values():
        each.stop()
    rate = Figure("Waypost, with its relay at work", ours.rates, "/s")
    figures = [rate, Figure("... processor time of each", ours.processor, "µs")]
    for name, load in loads.items():
        theirs = Figure(name, load.rates, "/s")
        figures += [
            theirs,
            Figure("... processor time of each", load.processor, "µs"),
            Figure("... p99 of the answer", load.slow, "ms"),
            ratios("Waypost in parts of it", rate, theirs, "1.5" if name == FASTAPI else ""),
        ]
    how = (
        f"{CLIENTS} clients on kept connections, closed loop, {seconds:.0f} s a round, in turns. Each validates the "
        "whole body, refuses a key that is used for another body, encrypts with AES-GCM and commits referral, first answer and "
        "event before its 201 (`synchronous_commit` on). The peers do less: one row for a referral where Waypost has seven, no "
        "postcode is looked up, no child is searched for, and their events stay where they are while Waypost's relay sends its "
        f"own. FastAPI under one uvicorn with uvloop and httptools, Flask under one gunicorn worker of {THREADS} threads, 16 "
        f"connections each. {versions('fastapi', 'uvicorn', 'asyncpg', 'flask', 'gunicorn', 'psycopg', 'sqlalchemy')}."
    )
    return [Table("Intake against peers: accepted referrals per second and process", how, figures)]


class _Peer:
    """One of them on a database of its own, started and shown to do the work."""

    def __init__(self, servers: Servers, name: str) -> None:
        self.port = free_port()
        url = servers.postgres.url(database=servers.postgres.new_database())
        self._database = url.replace("+psycopg", "")
        engine = create_engine(url)
        metadata.create_all(engine)
        engine.dispose()
        commands = {
            "fastapi": (url.replace("+psycopg", "+asyncpg"), "bench.peers.fastapi_intake", str(self.port)),
            "flask": (
                *(url, "gunicorn", "bench.peers.flask_intake:app", "--bind", f"127.0.0.1:{self.port}"),
                *("--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "60"),
                *("--worker-tmp-dir", str(servers.folder), "--no-control-socket", "--log-level", "warning"),
            ),
        }
        database, *module = commands[name]
        self.process: Process = peer(servers.folder / f"{name}.log", {"PEER_DATABASE": database}, *module)
        self.process.start().wait_for_port(self.port, seconds=60)
        self._shows()

    def stop(self) -> None:
        self.process.terminate(40)

    def _shows(self) -> None:
        calls = [
            ("one", EXAMPLE, 201),
            ("one", EXAMPLE, 201),
            ("one", EXAMPLE | {"needs": ["visiting"]}, 409),
            ("two", EXAMPLE | {"home": {"postcode": "nowhere"}}, 422),
        ]
        bodies = []
        with requests.Session() as session:
            session.trust_env = False
            for key, body, status in calls:
                headers = {"Authorization": "Bearer bench", "Idempotency-Key": key}
                answer = session.post(
                    f"http://127.0.0.1:{self.port}/v1/referrals", json=body, headers=headers, timeout=20
                )
                assert answer.status_code == status, (answer.status_code, answer.text)
                bodies.append(answer.json() if status == 201 else None)
        assert bodies[0] == bodies[1], "a repeated call made a second referral"
        with psycopg.connect(self._database) as store:
            for table in metadata.tables:
                (rows,) = store.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,)
                assert rows == 1, f"{rows} rows in {table}"
