"""A service that finds a hundred thousand events waiting, against its steady rate; and two, then four processes of it.

The service is eligibility: for each event it decides, writes receipts and sends an event on. The events are copies of one
that a real referral made, with ids of their own, laid into its queue.
"""

import json
from datetime import datetime
from multiprocessing.connection import Connection

from bench import floors
from bench.client import closed_loop
from bench.events import DONE_WITHIN, until, until_sent
from bench.processes import resident
from bench.report import Figure, Table, ratios
from bench.systems import CLIENTS, Scale, Servers, System
from shared.ids import new_id
from shared.messaging.broker import queue_of
from shared.messaging.runtime import queue_salt
from shared.resources import Resources
from tests.support.process import Process

SERVICE = "eligibility"
PROCESSES = (1, 2, 4)


def measure(servers: Servers, steady: int, backlog: int, each: int) -> list[Table]:
    """`steady` events for the steady rate, `backlog` that wait, `each` for every number of processes."""
    return [_drained(_Waiting(servers), steady, backlog), _side_by_side(servers, each)]


def _drained(waiting: "_Waiting", steady: int, backlog: int) -> Table:
    waiting.lay(steady)
    process = waiting.scale.start(SERVICE)
    usual, used = waiting.taken(steady, [process])
    waiting.scale.stop()
    waiting.lay(backlog)
    process = waiting.scale.start(SERVICE)
    fresh = resident(process)
    rate, memory = waiting.taken(backlog, [process])
    waiting.scale.stop()
    usual_rate, full_rate = Figure("steady rate", [usual], "events/s"), Figure("with the backlog", [rate], "events/s")
    how = (
        f"One process of {SERVICE} with its relay, quorum queues and PostgreSQL. Steady is the rate over {steady:,} events; "
        f"then {backlog:,} wait when it starts. Memory is resident memory, looked at ten times a second."
    )
    figures = [
        usual_rate,
        full_rate,
        ratios("... in parts of the steady", full_rate, usual_rate, "0.9"),
        Figure("memory when it starts", [fresh], "MB"),
        Figure("highest with few waiting", [max(used)], "MB"),
        Figure("highest while the backlog drains", [max(memory)], "MB"),
        Figure("memory when it is drained", [memory[-1]], "MB"),
    ]
    return Table(f"Growth: {backlog:,} events wait", how, figures)


def _side_by_side(servers: Servers, each: int) -> Table:
    figures: list[Figure] = []
    for number in PROCESSES:
        waiting = _Waiting(servers)
        waiting.lay(each)
        systems: list[System] = [waiting.scale, *(waiting.scale.twin() for _ in range(number - 1))]
        processes = [system.launch(SERVICE) for system in systems]
        rate, _ = waiting.taken(each, processes)
        for system in systems:
            system.stop()
        name = "one process" if number == 1 else f"{number} processes"
        figures.append(Figure(name, [rate], "events/s"))
        if number > 1:
            figures.append(ratios("... in parts of one's", figures[-1], figures[0]))
    how = (
        f"{each:,} events wait for {SERVICE}; its processes start together, take from one queue, and one of them relays. "
        "PostgreSQL and RabbitMQ have the same two cores, so more processes gain little here; what counts is that "
        "they are not slower, and that each event is taken once."
    )
    return Table("Growth: more processes of one service", how, figures)


class _Waiting:
    """A system in which events wait for one service."""

    def __init__(self, servers: Servers) -> None:
        self.scale: Scale = servers.scale()
        self.scale.start("referrals")
        closed_loop(self.scale.port, self.scale.referrals(), DONE_WITHIN, CLIENTS)
        until_sent(self.scale, "referrals", CLIENTS)
        self.scale.stop()
        self._body = bytes(self.scale.ask("SELECT body FROM referrals.outbox LIMIT 1")[0])
        self._queue = queue_of(SERVICE, queue_salt(Resources(self.scale.settings)))
        self._laid = CLIENTS
        self._before: datetime | None = None

    def lay(self, number: int) -> None:
        """So many more events into the queue."""
        with floors.alone(lay, self.scale.broker_url, self._queue, self._body, number) as pipe:
            pipe.recv()
        self._laid += number
        (self._before,) = self.scale.ask(f"SELECT max(taken_at) FROM {SERVICE}.inbox")

    def taken(self, number: int, processes: list[Process]) -> tuple[float, list[float]]:
        """Events per second until all that was laid is taken and told, and the first process's memory meanwhile."""
        memory: list[float] = []

        def done() -> bool:
            memory.append(resident(processes[0]))
            # Counting what was taken would take PostgreSQL longer than taking it; each leaves an event, and those are numbered.
            (newest,) = self.scale.ask(f"SELECT coalesce(max(id), 0) FROM {SERVICE}.outbox")
            return newest >= self._laid and self._all_taken()

        until(done, max(DONE_WITHIN, number / 50))
        until_sent(self.scale, SERVICE, self._laid)
        # From the first batch to the last, by the moments that the batches wrote.
        rows = f"{SERVICE}.inbox" + (f" WHERE taken_at > '{self._before}'" if self._before else "")
        count, seconds = self.scale.ask(
            f"SELECT count(*) FILTER (WHERE taken_at < last), extract(epoch FROM max(taken_at) - min(taken_at)) FROM "
            f"(SELECT taken_at, max(taken_at) OVER () AS last FROM {rows}) AS each"
        )
        effects = self.scale.ask(f"SELECT count(*) FROM {SERVICE}.assessments")[0]
        assert effects == self._laid, f"{effects} assessments of {self._laid} events"
        return float(count) / float(seconds), memory

    def _all_taken(self) -> bool:
        return bool(self.scale.ask(f"SELECT count(*) FROM {SERVICE}.inbox")[0] >= self._laid)


def lay(pipe: Connection, url: str, queue: str, body: bytes, number: int) -> None:
    """Copies of one event, each of another referral; in a process of its own."""
    event = json.loads(body)
    referral_id = event["subject"].encode()
    bodies = (
        body.replace(event["id"].encode(), new_id().encode()).replace(referral_id, new_id().encode())
        for _ in range(number)
    )
    floors.leave(pipe, url, "", queue, list(bodies))
