"""The systems that are measured, started for the run and stopped after it: the default, and one process per service.

Both use a data folder with the postcode index already in it, so that no figure holds the building of it.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle, islice
from pathlib import Path
from signal import SIGUSR1
from typing import Any

from bench.client import post
from bench.processes import processor_seconds
from services.catalogue import runtime_of, topology
from services.commands.demo import EXAMPLE
from shared.http.stored_keys import create_key
from shared.ids import new_id
from shared.messaging.agency_queues import agency_queue
from shared.messaging.broker import broker_for
from shared.messaging.runtime import Runtime
from shared.resources import Resources
from shared.settings import HTTP_PORTS, MANAGEMENT_PORTS, SERVICES, Settings
from tests.support.pairs import scale_pair
from tests.support.postgres import Postgres
from tests.support.process import Process, free_port
from tests.support.rabbitmq import RabbitMQ

ROOT = Path(__file__).parents[1]
AGENCY = "families-apart"
CLIENTS = 64
KEYS = 16


class System:
    """Services in processes of their own. `sampled` names a folder for what a sampling profiler sees in each."""

    def __init__(self, folder: Path, environment: dict[str, str], sampled: Path | None = None) -> None:
        ports = {name: str(free_port()) for name in HTTP_PORTS}
        self.environment = {
            "WAYPOST_DATA": str(folder),
            "WAYPOST_LOG_LEVEL": "info",
            **{f"WAYPOST_{name.upper()}_PORT": port for name, port in ports.items()},
            **{f"WAYPOST_{name.upper()}_MANAGEMENT_PORT": str(free_port()) for name in MANAGEMENT_PORTS},
            **environment,
        }
        self.folder = folder
        self.port = int(ports["referrals"])
        self.keys: list[str] = []
        self._sampled = sampled
        self._processes: dict[str, Process] = {}

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    def start(self, *services: str) -> Process:
        """One process with these services; all when none is named. Returns when it says that it is up."""
        process = self.launch(*services)
        process.wait_for_line("Waypost is up", seconds=60)
        return process

    def launch(self, *services: str) -> Process:
        """As `start`, but returns at once."""
        name = services[0] if services else "all"
        module = ["bench.sampling", str(self._sampled / f"{name}.txt")] if self._sampled else ["services"]
        return self._launch(name, [*module, "run", *services])

    def _launch(self, name: str, module: list[str]) -> Process:
        command = [sys.executable, "-W", "ignore", "-m", *module]
        log = self.folder / f"{name}.log"
        process = self._processes[name] = Process(command, log=log, env=self.environment, cwd=ROOT)
        log.unlink(missing_ok=True)
        return process.start()

    def process(self, name: str) -> Process:
        """The process that was started for a service."""
        return self._processes[name]

    def sample(self) -> None:
        """What runs from now on is sampled."""
        if self._sampled:
            for process in self._processes.values():
                process.signal(SIGUSR1)

    def processor_seconds(self) -> dict[str, float]:
        """The processor time that each process has used until now."""
        return {name: processor_seconds(process) for name, process in self._processes.items()}

    def stop(self, *services: str) -> None:
        for name in services or list(self._processes):
            self._processes.pop(name).terminate(40)

    def make_keys(self) -> None:
        """Keys enough that no limit of calls for each is what is measured."""
        runtime = runtime_of("referrals", self.settings)
        self.keys = [create_key(runtime.store, "bench", ["referrals:write"], "bench") for _ in range(KEYS)]
        runtime.store.database.close()

    def referrals(self, clients: int = CLIENTS) -> list[Iterator[bytes]]:
        """For each client, requests without end that submit a referral, each with an Idempotency-Key of its own."""
        return [self._requests(key) for key in islice(cycle(self.keys), clients)]

    def _requests(self, key: str) -> Iterator[bytes]:
        run = new_id()
        # Each is another child: one that was referred before would go to a person, not to an agency.
        child = f"{run} 00000000"
        before, after = json.dumps(EXAMPLE).replace('"Child"', f'"{child}"').encode().split(b"00000000")
        body = before + b"00000000" + after
        head = post("/v1/referrals", body, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        for number in count():
            yield head + f"Idempotency-Key: {run}-{number}\r\n\r\n".encode() + before + b"%08d" % number + after

    @property
    def agency_queue(self) -> str:
        return agency_queue(Resources(self.settings), AGENCY)


def tidy(runtime: Runtime) -> None:
    """What a database does by itself in a year of growing, and not in a minute: it looks at what it holds."""
    with runtime.store.writing() as transaction:
        transaction.connection.exec_driver_sql("ANALYZE")


class Servers:
    """A PostgreSQL and a RabbitMQ of our own, and a data folder with places, keys and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)
        for name in ("postgres", "rabbitmq"):
            (folder / name).mkdir()
        self.postgres = Postgres(folder / "postgres").start()
        self.rabbitmq = RabbitMQ(folder / "rabbitmq").start()
        self.data = folder / "data"
        # The first start of the default makes all that a data folder needs.
        first = System(self.data, {})
        self.data.mkdir()
        first.start()
        first.stop()

    @property
    def processes(self) -> tuple[Process, Process]:
        """The first process of PostgreSQL, and of RabbitMQ."""
        return self.postgres._server, self.rabbitmq._server

    def stop(self) -> None:
        self.rabbitmq.stop()
        self.postgres.stop()

    def default(self, sampled: Path | None = None) -> System:
        """The default with fresh databases."""
        return System(self._fresh_data(), {}, sampled)

    def scale(self, sampled: Path | None = None) -> "Scale":
        """A fresh database and virtual host, migrated; no service runs yet."""
        return Scale(self, self._fresh_data(), sampled)

    def _fresh_data(self) -> Path:
        folder = self.folder / f"data-{next(self._numbers)}"
        folder.mkdir()
        for name in ("keys", "places"):
            shutil.copytree(self.data / name, folder / name)
        (folder / "keys" / "demo.json").unlink()
        return folder


class Scale(System):
    """PostgreSQL, RabbitMQ, and whichever services are started."""

    def __init__(self, servers: Servers, folder: Path, sampled: Path | None) -> None:
        pair = scale_pair(servers.postgres, servers.rabbitmq)
        super().__init__(folder, pair.environment, sampled)
        self.broker_url = pair.broker_url
        self.database = pair.database_url("postgres").rpartition("/")[2]
        self._servers = servers
        migrating = Process(
            [sys.executable, "-m", "services", "migrate"], log=folder / "migrate.log", env=self.environment, cwd=ROOT
        )
        assert migrating.start().wait(60) == 0, migrating.text()
        self.make_keys()

    def start_each(self) -> None:
        """Every service in a process of its own."""
        for name in SERVICES:
            self.start(name)

    def start_module(self, name: str, *module: str) -> None:
        """A service of the benchmarks' own, as `python -m <module>`."""
        self._launch(name, list(module)).wait_for_line("Waypost is up", seconds=60)

    def use_empty_broker(self) -> str:
        """What starts from now on finds a virtual host without a queue; its URL."""
        rabbitmq = self._servers.rabbitmq
        self.broker_url = self.environment["WAYPOST_BROKER"] = rabbitmq.url(rabbitmq.new_vhost())
        return self.broker_url

    def twin(self) -> System:
        """The same system again, on ports of its own: for more processes of a service."""
        names = ("WAYPOST_DATABASE", "WAYPOST_BROKER")
        return System(self.folder, {name: self.environment[name] for name in names})

    def elsewhere(self) -> "Elsewhere":
        """The same database, with queues that nobody has used."""
        return Elsewhere(self, self._servers.rabbitmq)

    def ask(self, query: str) -> tuple[Any, ...]:
        """The first row of a question to the database."""
        return self.rows(query)[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a question to the database."""
        return self._servers.postgres.psql(query, database=self.database)

    def database_url(self, service: str) -> str:
        """For psycopg itself."""
        return self.settings.database_url(service).replace("+psycopg", "")


class Elsewhere(System):
    """Services on another system's database, but on a virtual host of their own."""

    def __init__(self, system: Scale, rabbitmq: RabbitMQ) -> None:
        self.broker_url = rabbitmq.url(rabbitmq.new_vhost())
        super().__init__(system.folder, system.environment | {"WAYPOST_BROKER": self.broker_url})
        broker_for(self.broker_url).declare(topology(self.settings))


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Started, and stopped whatever happens."""
    started = Servers(folder)
    try:
        yield started
    finally:
        started.stop()
