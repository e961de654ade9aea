"""Accepted referrals per second in one process, against nameko's empty POST in one process, by kept connections."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path

from bench.client import closed_loop, post
from bench.report import Figure, Table, percentile, ratios
from bench.systems import CLIENTS, ROOT, Servers, processor_seconds
from tests.support.process import Process, free_port

WARM_UP = 1.0


def measure(servers: Servers, rounds: int, seconds: float, sampled: Path | None = None) -> list[Table]:
    """Interleaved: nameko, at scale, the default, and again."""
    empty_port = free_port()
    log = servers.folder / "empty.log"
    empty = Process([sys.executable, "-W", "ignore", "-m", "bench.empty_service", str(empty_port)], log=log, cwd=ROOT)
    empty.start().wait_for_port(empty_port)
    scale, default = servers.scale(sampled), servers.default(sampled)
    scale_process, default_process = scale.start("referrals"), default.start()
    default.make_keys()
    nothing = [repeat(post("/empty", b"", {}) + b"\r\n")] * CLIENTS
    closed_loop(scale.port, scale.referrals(), WARM_UP)
    closed_loop(default.port, default.referrals(), WARM_UP)
    scale.sample()
    default.sample()
    floor, ours, small = (
        _Loads(empty, empty_port),
        _Loads(scale_process, scale.port),
        _Loads(default_process, default.port),
    )
    left = []
    for _ in range(rounds):
        floor.load(nothing, seconds)
        ours.load(scale.referrals(), seconds)
        left.append(scale.ask("SELECT count(*) FROM referrals.outbox WHERE sent_at IS NULL")[0])
        small.load(default.referrals(), seconds)
        time.sleep(1)
    scale.stop()
    default.stop()
    empty.kill()
    how = (
        f"{CLIENTS} clients on kept connections, closed loop, {seconds:.0f} s a round. Each request is a whole referral with "
        "an `Idempotency-Key`, validated, sealed and committed with its event before the 201; nameko's is empty both ways. "
        "In the default the same process also assesses, routes and notifies while it is loaded. Processor time is the "
        "service's own process: it says more than the rate where servers, clients and service share two cores. 'Unsent' are "
        "the events that the relay, in the same process, has still to send when the load ends."
    )
    nameko_rate, our_rate, small_rate = (
        Figure(name, loads.rates, "/s")
        for name, loads in (
            ("nameko, a POST that does nothing", floor),
            ("Waypost, PostgreSQL and RabbitMQ", ours),
            ("Waypost, the default", small),
        )
    )
    figures = [
        nameko_rate,
        Figure("... processor time of each", floor.processor, "µs"),
        our_rate,
        ratios("... in parts of nameko's", our_rate, nameko_rate, "0.5, later 0.6"),
        Figure("... processor time of each", ours.processor, "µs"),
        Figure("... p99 of the answer", ours.slow, "ms"),
        Figure("... unsent when the load ends", left, "events"),
        small_rate,
        ratios("... in parts of nameko's", small_rate, nameko_rate),
        Figure("... processor time of each", small.processor, "µs"),
    ]
    return [Table("Intake: accepted referrals per second and process", how, figures)]


class _Loads:
    """One contender's rounds: answers per second, p99 in milliseconds, processor time of an answer in microseconds."""

    def __init__(self, process: Process, port: int) -> None:
        self._process, self._port = process, port
        self.rates: list[float] = []
        self.slow: list[float] = []
        self.processor: list[float] = []

    def load(self, requests: Sequence[Iterator[bytes]], seconds: float) -> None:
        before = processor_seconds(self._process)
        answers = closed_loop(self._port, requests, seconds)
        used = processor_seconds(self._process) - before
        wrong = {answer.status for answer in answers} - {201}
        assert not wrong, f"answered {wrong}, not 201"
        self.rates.append(len(answers) / (max(each.at for each in answers) - min(each.due for each in answers)))
        self.slow.append(percentile([each.at - each.due for each in answers], 0.99) * 1000)
        self.processor.append(used / len(answers) * 1e6)
