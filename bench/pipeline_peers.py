"""One way through three steps on Celery, Dramatiq or FastStream: a backlog, a worker process for each step, the effects."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import amqp
import psycopg

from bench import floors
from bench.events import DONE_WITHIN, until
from bench.peers.steps import STEPS, TABLES
from bench.peers_environment import peer
from bench.systems import Servers
from tests.support.process import Process

THREADS = 8
PEERS = {
    "celery": (
        *("celery", "-A", "bench.peers.celery_pipeline", "worker", "-Q", "{step}", "-n", "{step}@%h", "-l", "warning"),
        *("--pool", "threads", "-c", str(THREADS), "--without-gossip", "--without-mingle"),
    ),
    "dramatiq": (
        *("dramatiq", "bench.peers.dramatiq_pipeline", "-Q", "{step}", "-p", "1", "-t", str(THREADS)),
        "--skip-logging",
    ),
    "faststream": ("bench.peers.faststream_pipeline", "{step}"),
}


class PeerPipeline:
    """One of them, on a database and virtual host of its own."""

    def __init__(self, servers: Servers, name: str, place: Path) -> None:
        self._database = servers.postgres.url(database=servers.postgres.new_database()).replace("+psycopg", "")
        self._url = servers.rabbitmq.url(servers.rabbitmq.new_vhost())
        self._name, self._place = name, place
        with psycopg.connect(self._database) as store:
            for table in TABLES:
                store.execute(table.encode())

    def rate(self, body: bytes, referrals: int) -> float:
        """Referrals per second through all three steps; fails unless each had each effect once."""
        (self._place / "body").write_bytes(body)
        filling = self._process("fill", f"bench.peers.{self._name}_pipeline", "fill", self._place / "body", referrals)
        assert filling.start().wait(DONE_WITHIN) == 0, filling.text()
        with psycopg.connect(self._database, autocommit=True) as store, self._working():
            done = b"SELECT count(*) FROM effects WHERE step = 'routed'"
            until(lambda: store.execute(done).fetchone() == (referrals,))
            until(self._all_taken)
            told: dict[str, int] = dict(store.execute(b"SELECT step, count(*) FROM effects GROUP BY step").fetchall())
            assert told == dict.fromkeys(STEPS, referrals), f"{told} effects of {referrals} events"
            row = store.execute(
                b"SELECT extract(epoch FROM max(at) FILTER (WHERE step = 'routed') - min(at)) FROM effects"
            ).fetchone()
        assert row is not None
        return referrals / float(row[0])

    @contextmanager
    def _working(self) -> Iterator[None]:
        """The last step first, so that none waits for one that is still starting."""
        workers: list[Process] = []
        try:
            for step in reversed(STEPS):
                worker = self._process(step, *(word.replace("{step}", step) for word in PEERS[self._name]))
                workers.append(worker.start())
                worker.wait_until(lambda name=step: self._depth(name)[1], "consumer", seconds=60)  # type: ignore[misc]
            yield
        finally:
            for worker in workers:
                with suppress(AssertionError):
                    worker.terminate(20)

    def _all_taken(self) -> bool:
        return all(self._depth(step)[0] == 0 for step in STEPS)

    def _depth(self, queue: str) -> tuple[int, int]:
        """How many messages wait, and how many consumers there are."""
        connection, channel = floors.channel_to(self._url)
        try:
            declared = channel.queue_declare(queue, passive=True)
            return declared.message_count, declared.consumer_count
        except amqp.exceptions.NotFound:
            return 0, 0
        finally:
            connection.close()

    def _process(self, name: str, *module: object) -> Process:
        environment = {"PEER_DATABASE": self._database, "PEER_BROKER": self._url}
        return peer(self._place / f"{name}.log", environment, *map(str, module))
