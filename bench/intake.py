"""Accepted referrals per second in one process, against nameko's empty POST in one process, by kept connections.

Three times: a burst of intake, with the referrals process beside PostgreSQL and RabbitMQ while its events wait in their
queues, on a core of its own and wherever the system puts it; and the whole of Waypost, where whatever hears of a referral
takes its part of the same cores at the same time.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path

from bench.client import closed_loop, post
from bench.processes import core_to_itself, family_seconds
from bench.report import Figure, Table, percentile, ratios
from bench.systems import CLIENTS, ROOT, Scale, Servers
from tests.support.process import Process, free_port

WARM_UP = 2.0
CROWD = 128
"""So many clients that half of them, while the other half is written, are work enough for the process."""
NOTHING = repeat(post("/empty", b"", {}) + b"\r\n")
UNSENT = "SELECT count(*) FROM referrals.outbox WHERE sent_at IS NULL"


def measure(servers: Servers, rounds: int, seconds: float, sampled: Path | None = None) -> list[Table]:
    """A table for each; the contenders are interleaved."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "bench.empty_service", str(port)]
    empty = Process(command, log=servers.folder / "empty.log", cwd=ROOT)
    empty.start().wait_for_port(port)
    closed_loop(port, [NOTHING] * CLIENTS, WARM_UP / 2)
    tables = [
        *_burst(servers, empty, port, rounds, seconds, sampled),
        _whole(servers, empty, port, max(1, rounds // 2), seconds),
    ]
    empty.kill()
    return tables


def _burst(
    servers: Servers, empty: Process, port: int, rounds: int, seconds: float, sampled: Path | None
) -> list[Table]:
    scale = servers.scale(sampled)
    process = scale.start("referrals")
    closed_loop(scale.port, scale.referrals(), WARM_UP)
    scale.sample()
    how = (
        f"{CROWD} clients on kept connections, closed loop, {seconds:.0f} s a round, the same for both. Each request is a "
        "whole referral with an `Idempotency-Key`, validated, sealed and committed with its event before the 201 "
        "(`synchronous_commit` on); nameko's is empty both ways. The process also relays each event to three quorum queues, "
        "with confirms. The services that hear of referrals do not run meanwhile, and find the events in their queues. Both "
        "processes have a core to themselves, one after the other; the client, PostgreSQL and RabbitMQ have the other."
    )
    with core_to_itself(empty, process, beside=servers.processes):
        figures = _rounds(servers, scale, (empty, port), process, CROWD, rounds, seconds, "0.5, later 0.6")
    apart = Table("Intake, a burst: accepted referrals per second and process", how, figures)
    how = (
        f"As above with {CLIENTS} clients, and every process on the core that the system chooses. nameko has one of the two to "
        "itself then, too, for there is nobody but it and the client; Waypost's process waits for one where PostgreSQL, "
        "RabbitMQ and the client were put beside it."
    )
    figures = _rounds(servers, scale, (empty, port), process, CLIENTS, rounds, seconds, "")
    scale.stop()
    return [apart, Table("Intake, a burst, with nobody on a core of their own", how, figures)]


def _rounds(
    servers: Servers,
    scale: Scale,
    nothing: tuple[Process, int],
    process: Process,
    clients: int,
    rounds: int,
    seconds: float,
    goal: str,
) -> list[Figure]:
    floor, ours = Loads(servers, *nothing), Loads(servers, process, scale.port)
    left: list[float] = []
    for _ in range(rounds):
        floor.load([NOTHING] * clients, seconds)
        ours.load(scale.referrals(clients), seconds)
        left.append(scale.ask(UNSENT)[0])
        time.sleep(1)
    return _figures(floor, ours, goal, left)


def _whole(servers: Servers, empty: Process, port: int, rounds: int, seconds: float) -> Table:
    scale, default = servers.scale(), servers.default()
    scale.start_each()
    default_process = default.start()
    default.make_keys()
    closed_loop(scale.port, scale.referrals(), WARM_UP)
    closed_loop(default.port, default.referrals(), WARM_UP)
    floor = Loads(servers, empty, port)
    ours = Loads(servers, scale.process("referrals"), scale.port)
    small = Loads(servers, default_process, default.port)
    left: list[float] = []
    for _ in range(rounds):
        floor.load([NOTHING] * CLIENTS, seconds)
        ours.load(scale.referrals(), seconds)
        left.append(scale.ask(UNSENT)[0])
        time.sleep(3)
        small.load(default.referrals(), seconds)
        time.sleep(3)
    scale.stop()
    default.stop()
    rate, floor_rate = Figure("Waypost, the default", small.rates, "/s"), Figure("", floor.rates, "/s")
    how = (
        "As above, with every service at work: five processes on PostgreSQL and RabbitMQ, and then the default, one process "
        "with everything in it on SQLite. While referrals come in they are also assessed, routed and told of by e-mail, on "
        "the same two cores; about ten events for each are written, sent and taken. So this is the whole system's rate and "
        "not intake's, and has no goal of its own."
    )
    figures = [
        *_figures(floor, ours, "", left),
        rate,
        ratios("... in parts of nameko's", rate, floor_rate),
        Figure("... processor time of each", small.processor, "µs"),
    ]
    return Table("Intake with all services at work", how, figures)


def _figures(floor: "Loads", ours: "Loads", goal: str, left: Sequence[float]) -> list[Figure]:
    floor_rate = Figure("nameko, a POST that does nothing", floor.rates, "/s")
    floor_time = Figure("... processor time of each", floor.processor, "µs")
    our_rate = Figure("Waypost, PostgreSQL and RabbitMQ", ours.rates, "/s")
    our_time = Figure("... processor time of each, the referrals process", ours.processor, "µs")
    return [
        floor_rate,
        floor_time,
        our_rate,
        ratios("... in parts of nameko's", our_rate, floor_rate, goal),
        our_time,
        ratios("... in parts of nameko's", our_time, floor_time),
        Figure("... PostgreSQL's", ours.postgres, "µs"),
        Figure("... RabbitMQ's", ours.rabbitmq, "µs"),
        Figure("... p99 of the answer", ours.slow, "ms"),
        Figure("... unsent when the load ends", left, "events"),
    ]


class Loads:
    """One contender's rounds: answers per second, p99 in milliseconds, processor times of an answer in microseconds."""

    def __init__(self, servers: Servers, process: Process, port: int) -> None:
        self._servers, self._process, self._port = servers, process, port
        self.rates: list[float] = []
        self.slow: list[float] = []
        self.processor: list[float] = []
        self.postgres: list[float] = []
        self.rabbitmq: list[float] = []

    def load(self, requests: Sequence[Iterator[bytes]], seconds: float) -> None:
        before = self._used()
        answers = closed_loop(self._port, requests, seconds)
        used = [after - then for after, then in zip(self._used(), before, strict=True)]
        wrong = {answer.status for answer in answers} - {201}
        assert not wrong, f"answered {wrong}, not 201"
        self.rates.append(len(answers) / (max(each.at for each in answers) - min(each.due for each in answers)))
        self.slow.append(percentile([each.at - each.due for each in answers], 0.99) * 1000)
        for figures, spent in zip((self.processor, self.postgres, self.rabbitmq), used, strict=True):
            figures.append(spent / len(answers) * 1e6)

    def _used(self) -> tuple[float, ...]:
        return tuple(family_seconds(each) for each in (self._process, *self._servers.processes))
