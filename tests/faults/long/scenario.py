"""A fault, and the ground that it strikes: a whole system of its own, under load, with proxies where the network is broken.

A scenario is a name, how to break and how to mend. Everything else (the load, the ledger, the comparison) is `driver`'s, and
the same for all.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.messaging.broker import queue_of
from shared.messaging.runtime import queue_salt
from shared.resources import Resources
from tests.support.callers import Referrer
from tests.support.ledger import Ledger
from tests.support.pairs import Pair
from tests.support.port_mapper import PortMapper
from tests.support.postgres import Postgres
from tests.support.proxy import Proxy
from tests.support.rabbitmq import RabbitMQ
from tests.support.system import APART, System, default_system, running, system_at_scale

CLIENTS = 300
GIVE_UP_AFTER = 150.0


@dataclass(frozen=True)
class Servers:
    """What all scenarios of a run stand on. Each gets a database and a virtual host of its own."""

    folder: Path
    places: Path
    postgres: Postgres
    rabbitmq: RabbitMQ
    others: tuple[RabbitMQ, ...] = ()
    """The other nodes of the broker's cluster, where it is one."""
    mapper: PortMapper | None = None
    """By which the nodes of a cluster find each other."""

    def mend(self) -> None:
        """Whatever a scenario left broken runs again, for the next."""
        if not self.postgres.alive:
            self.postgres.start()
        for node in self.nodes:
            if not node.alive:
                node.start()

    @property
    def nodes(self) -> list[RabbitMQ]:
        """Of the broker."""
        return [self.rabbitmq, *self.others]


@dataclass(frozen=True)
class Ground:
    """What is struck. `by` has the proxies: `http` before referrals, `database`, `broker`, `inside` between services."""

    system: System
    servers: Servers
    vhost: str
    database: str
    by: Mapping[str, Proxy]
    ledger: Ledger
    chance: random.Random

    @property
    def postgres(self) -> Postgres:
        return self.servers.postgres

    @property
    def rabbitmq(self) -> RabbitMQ:
        return self.servers.rabbitmq

    def queue(self, service: str) -> str:
        """The name of the queue that the service reads."""
        return queue_of(service, queue_salt(Resources(self.system.settings)))

    def depth(self, service: str) -> int:
        """How many messages the broker has for the service, in its queue or handed out."""
        listed = self.rabbitmq.ctl("list_queues", "-p", self.vhost, "name", "messages", "--no-table-headers")
        depths = dict(line.split() for line in listed.splitlines())
        return int(depths[self.queue(service)])

    def count(self, service: str, query: str) -> int:
        """What one number of a service's database is."""
        return int(self.system.rows(service, query)[0][0])


@dataclass(frozen=True)
class Scenario:
    """`breaks` answers what shows that it struck, and raises when it did not; `lasts` is how long until `mends`, in seconds."""

    name: str
    breaks: Callable[[Ground], str]
    mends: Callable[[Ground], None] = lambda ground: None
    lasts: tuple[float, float] = (0.0, 1.0)
    groups: Mapping[str, Sequence[str]] = field(default_factory=lambda: APART)
    proxied: bool = False
    on_default: bool = False
    rate: float = 15.0
    environment: Mapping[str, str] = field(default_factory=dict)
    starts_ahead: Callable[[], float] | None = None
    """Processes have a clock that can be moved, so many seconds ahead at the start."""
    apart_from: tuple[str, ...] = ()
    """Places of the comparison that must differ, by the end of their names."""


@contextmanager
def ground_of(scenario: Scenario, servers: Servers, folder: Path, seed: int) -> Iterator[Ground]:
    """The system, started, in `folder`."""
    chance = random.Random(seed)
    if scenario.on_default:
        with default_system(folder, servers.places, **scenario.environment) as system:
            yield Ground(system, servers, "", "", {}, _ledger(system, seed), chance)
        return
    vhost, database = servers.rabbitmq.new_vhost(), servers.postgres.new_database()
    pair = Pair("scale", servers.rabbitmq.url(vhost), servers.postgres.url("{service}", database=database))
    system = system_at_scale(folder, servers.places, pair, scenario.groups, **scenario.environment)
    if scenario.starts_ahead is not None:
        (folder / "clock").write_text(str(scenario.starts_ahead()))
        for group in scenario.groups:
            system.process(group).env["WAYPOST_TEST_CLOCK"] = str(folder / "clock")
            system.process(group).command[2] = "tests.faults.long.shifted"
    by = _put_between(system, scenario.groups, servers) if scenario.proxied else {}
    try:
        with running(system):
            servers.rabbitmq.write_queues()
            http = f"http://127.0.0.1:{by['http'].port}" if by else ""
            yield Ground(system, servers, vhost, database, by, _ledger(system, seed, http), chance)
    finally:
        for proxy in by.values():
            proxy.close()


def _ledger(system: System, seed: int, url: str = "") -> Ledger:
    return Ledger(Referrer(system, url=url), seed, CLIENTS, GIVE_UP_AFTER)


def _put_between(system: System, groups: Mapping[str, Sequence[str]], servers: Servers) -> dict[str, Proxy]:
    """Proxies on every way that processes speak to each other; the harness itself asks servers directly."""
    doors = [system.settings_of(group).ports["referrals"] for group, names in groups.items() if "referrals" in names]
    by = {
        "http": Proxy(lambda: doors),
        "inside": Proxy(lambda: doors),
        "database": Proxy(lambda: servers.postgres.port),
        "broker": Proxy(lambda: [each.port for each in servers.nodes]),
    }
    for group in groups:
        env = system.process(group).env
        env["WAYPOST_REFERRALS_URL"] = f"http://127.0.0.1:{by['inside'].port}"
        for name, server in (("DATABASE", servers.postgres), ("BROKER", servers.rabbitmq)):
            direct, way = f"127.0.0.1:{server.port}/", f"127.0.0.1:{by[name.lower()].port}/"
            env[f"WAYPOST_{name}"] = env[f"WAYPOST_{name}"].replace(direct, way)
    return by
