"""Ten thousand events to a webhook that fails half of the time, and what another agency notices of it.

Run it alone with `python -m bench.webhooks [EVENTS]`. SQLite, a relay, the webhooks and both agencies' receivers on one
machine. The failing receiver answers 500 and 429, hangs up before, in the middle of and after taking an event, answers
slowly, and recovers in the end. The other agency's events come by the clock, in turns with nothing beside them and with the
other's backlog.
"""

import random
import sys
import tempfile
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import eventlet

from bench import floors
from bench.report import Figure, Table, percentile, ratios
from services.routing.webhooks.schedule import Schedule
from shared import logs
from shared.ids import new_id
from shared.messaging.relay import Relay
from tests.support.pairs import default_pair
from tests.support.process import free_port
from tests.support.waiting import until
from tests.support.webhooks import A, B, Desk, Receiver, out_of_order

EVENTS = 10_000
PER_REFERRAL = 10
OTHERS = 250
ROUNDS = 4
EVERY_SECONDS = 0.02
SCHEDULE = Schedule(first=0.05, longest=1.0)


def apart(folder: Path, rounds: int) -> Table:
    """Fewer rounds of as many events each, in a process of its own, which eventlet patches."""
    place = folder / "webhooks"
    place.mkdir()
    with floors.alone(_tell, str(place), rounds) as pipe:
        table: Table = pipe.recv()
        return table


def _tell(pipe: Connection, folder: str, rounds: int) -> None:
    eventlet.monkey_patch()
    logs.configure("error")
    pipe.send(measure(Path(folder), EVENTS // ROUNDS * rounds, rounds))


def measure(folder: Path, events: int = EVENTS, rounds: int = ROUNDS) -> Table:
    """Raises AssertionError when an event is lost, out of order, or wrongly signed."""
    desk, port = Desk(default_pair(folder), folder), free_port()
    _, secret = desk.add(A, f"http://127.0.0.1:{port}/")
    relay = Relay(desk.store, desk.runtime.broker, desk.runtime.metrics)
    relaying = eventlet.spawn(relay.run)
    figures: dict[str, list[float]] = {name: [] for name in ("alone p50", "alone p99", "p50", "p99", "took")}
    with (
        Receiver(folder, "--secret", secret, "--misbehave", "1", port=port) as failing,
        Receiver(folder) as other,
        desk.sending(SCHEDULE),
    ):
        desk.add(B, other.url)
        _by_the_clock(desk, other, OTHERS // 5)
        for number in range(1, rounds + 1):
            alone = _by_the_clock(desk, other, OTHERS)
            desk.write(A, *_shuffled(events // rounds))
            began, heard_before = time.monotonic(), len(failing.heard())
            until(desk.relayed)
            until(partial(_has_heard, failing, heard_before + 1))
            beside = _by_the_clock(desk, other, OTHERS)
            expected = events // rounds * number
            assert len(failing.heard()) < expected, "too few events: all had come before the other agency was measured"
            if number == rounds:
                failing.recover()
            while not _has_heard(failing, expected):
                eventlet.sleep(0.5)
            figures["took"].append(time.monotonic() - began)
            for name, part, values in (("alone p50", 0.5, alone), ("alone p99", 0.99, alone), ("p50", 0.5, beside)):
                figures[name].append(percentile(values, part) * 1000)
            figures["p99"].append(percentile(beside, 0.99) * 1000)
    relay.stop()
    relaying.wait()
    desk.store.database.close()
    heard, attempts = failing.heard(), len(failing.lines())
    assert len(heard) == events // rounds * rounds, "events were lost"
    assert not out_of_order(heard), "events of a referral came out of order"
    assert not failing.heard("bad"), "a signature was wrong"
    alone_p99, beside_p99 = (
        Figure("the other agency alone, p99", figures["alone p99"], "ms"),
        Figure("the other agency beside it, p99", figures["p99"], "ms"),
    )
    how = (
        f"{len(heard):,} events in {rounds} rounds, all taken, in order for each referral, in {attempts:,} attempts. SQLite, "
        "one process for relay and webhooks, a process for each receiver. The other agency has "
        f"{1 / EVERY_SECONDS:.0f} events a second; its time runs from the commit until its receiver has the event."
    )
    rows = [
        Figure("a round to the failing receiver", figures["took"], "s"),
        Figure("the other agency alone, p50", figures["alone p50"], "ms"),
        alone_p99,
        Figure("the other agency beside it, p50", figures["p50"], "ms"),
        beside_p99,
        ratios("p99 beside it, in parts of alone", beside_p99, alone_p99, "1.5 at most"),
    ]
    return Table("Webhooks: a receiver that fails half of the time", how, rows)


def _has_heard(receiver: Receiver, count: int) -> bool:
    return len(receiver.heard()) >= count


def _shuffled(events: int) -> list[str]:
    order = [subject for subject in (new_id() for _ in range(events // PER_REFERRAL)) for _ in range(PER_REFERRAL)]
    order += [new_id() for _ in range(events - len(order))]
    random.Random(1).shuffle(order)
    return order


def _by_the_clock(desk: Desk, receiver: Receiver, count: int) -> list[float]:
    """Seconds from commit to receipt of so many events, written one by one at a fixed rate."""
    written, due = {}, time.monotonic()
    for _ in range(count):
        due += EVERY_SECONDS
        eventlet.sleep(max(0.0, due - time.monotonic()))
        subject = new_id()
        desk.write(B, subject)
        written[subject] = time.time()
    arrived: dict[str, float] = {}
    while len(arrived) < count:
        eventlet.sleep(0.2)
        arrived = {line["subject"]: line["at"] for line in receiver.lines() if line["subject"] in written}
    return [arrived[subject] - at for subject, at in written.items()]


if __name__ == "__main__":
    eventlet.monkey_patch()
    logs.configure("error")
    with tempfile.TemporaryDirectory() as name:
        print(measure(Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS).markdown())
