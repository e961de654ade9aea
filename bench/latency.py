"""From a referral's submission to the agency's queue, at a fixed rate, against the same three steps with nothing else."""

import time
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import orjson
import psycopg

from bench import floors
from bench.client import open_loop
from bench.report import Figure, Table, percentile, ratios
from bench.systems import Scale, Servers

RATE = 50.0
WARM_UP = 3.0
ARRIVES_WITHIN = 30.0
PADDING = "x" * 900  # What an event weighs.


def measure(servers: Servers, rounds: int, seconds: float, sampled: Path | None = None) -> list[Table]:
    """Interleaved: the floor, Waypost, and again."""
    scale = servers.scale(sampled)
    scale.start_each()
    floor = _Floor(servers.scale())
    requests = scale.referrals()[0]
    figures: dict[str, list[float]] = {name: [] for name in ("floor p50", "floor p99", "p50", "p99", "answer p50")}
    with floors.alone(floors.listen, scale.broker_url, scale.agency_queue) as arrivals:
        assert arrivals.recv() == "ready"
        open_loop(scale.port, requests, RATE, WARM_UP)
        _arrived(arrivals, int(RATE * WARM_UP))
        scale.sample()
        used = scale.processor_seconds()
        for _ in range(rounds):
            took = floor.round(seconds)
            figures["floor p50"].append(percentile(took, 0.5) * 1000)
            figures["floor p99"].append(percentile(took, 0.99) * 1000)
            answers = open_loop(scale.port, requests, RATE, seconds)
            assert {answer.status for answer in answers} == {201}, "not every referral was accepted"
            due = {orjson.loads(answer.body)["id"]: answer.due for answer in answers}
            came = _arrived(arrivals, len(answers))
            took = [at - due[orjson.loads(body)["subject"]] for body, at in came]
            figures["p50"].append(percentile(took, 0.5) * 1000)
            figures["p99"].append(percentile(took, 0.99) * 1000)
            figures["answer p50"].append(percentile([each.at - each.due for each in answers], 0.5) * 1000)
    referrals = int(RATE * seconds) * rounds
    spent = {name: (after - used[name]) / referrals for name, after in scale.processor_seconds().items()}
    scale.stop()
    floor.stop()
    how = (
        f"{RATE:.0f} referrals a second by the clock for {seconds:.0f} s a round, a process for each of the five services, "
        "quorum queues. The time runs from when a request was due to be sent until an AMQP client of the agency has its "
        "`referral.routed`: HTTP, intake's commit, relay, eligibility's commit, relay, routing's commit, relay. The floor is "
        "three processes of psycopg and py-amqp that commit two rows, publish with confirm and consume, and no HTTP."
    )
    p50, floor50 = (
        Figure("p50, submitted to the agency's queue", figures["p50"], "ms", "30, later 20"),
        Figure("floor, p50", figures["floor p50"], "ms"),
    )
    p99, floor99 = (
        Figure("p99, submitted to the agency's queue", figures["p99"], "ms"),
        Figure("floor, p99", figures["floor p99"], "ms"),
    )
    return [
        Table(
            "Latency: submitted to the agency's queue",
            how,
            [
                floor50,
                floor99,
                p50,
                ratios("... in parts of the floor's", p50, floor50),
                p99,
                ratios("... in parts of the floor's", p99, floor99, "5"),
                Figure("p50 of the answer to the POST alone", figures["answer p50"], "ms"),
                *(Figure(f"processor time a referral, {name}", [each * 1000], "ms") for name, each in spent.items()),
            ],
        )
    ]


def _arrived(arrivals: Connection, number: int) -> list[tuple[bytes, float]]:
    end = time.monotonic() + ARRIVES_WITHIN
    came: list[tuple[bytes, float]] = []
    while len(came) < number:
        assert time.monotonic() < end, f"{number - len(came)} referrals did not arrive"
        time.sleep(0.1)
        arrivals.send("what came")
        came += arrivals.recv()
    return came


class _Floor:
    """Queues and tables of the floor, and its two hops, which wait between rounds."""

    def __init__(self, place: Scale) -> None:
        self._url, self._database = place.broker_url, place.database_url("routing")
        self._names = count(1)
        with psycopg.connect(self._database) as store:
            for table in ("floor_rows", "floor_events"):
                store.execute(f"CREATE TABLE {table} (id bigserial PRIMARY KEY, body text)".encode())
        connection, channel = floors.channel_to(self._url)
        for queue in ("floor.first", "floor.second", "floor.agency"):
            channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        connection.close()
        self._open = [
            floors.alone(floors.hop, self._url, self._database, "floor.first", "floor.second"),
            floors.alone(floors.hop, self._url, self._database, "floor.second", "floor.agency"),
            floors.alone(floors.listen, self._url, "floor.agency"),
        ]
        pipes = [each.__enter__() for each in self._open]
        for pipe in pipes:
            assert pipe.recv() == "ready"
        self._arrivals = pipes[-1]

    def round(self, seconds: float) -> list[float]:
        arguments = (self._url, self._database, "floor.first", RATE, seconds, PADDING)
        with floors.alone(floors.submit, *arguments) as submitting:
            assert submitting.recv() == "ready"
            submitting.send("go")
            came = _arrived(self._arrivals, int(RATE * seconds))
        return [at - float(body.split()[0]) for body, at in came]

    def stop(self) -> None:
        for each in self._open:
            each.__exit__(None, None, None)
