"""The default, one process with everything in it: how soon it accepts, how much memory it holds, what it costs idle."""

import http.client
import time

from bench.client import closed_loop
from bench.processes import processor_seconds, resident
from bench.report import Figure, Table
from bench.systems import Servers, System
from tests.support.process import Process

REFERRALS = 500


def measure(servers: Servers, rounds: int, idle_seconds: float) -> list[Table]:
    """Each round is a second start of the same default; the last one is also loaded, and watched when idle."""
    system = servers.default()
    system.start()
    system.make_keys()
    system.stop()
    accepted = []
    for number in range(rounds):
        begun = time.monotonic()
        process = system.launch()
        accepted.append(_first_accepted(system, begun))
        if number < rounds - 1:
            system.stop()
    fresh = resident(process)
    idle = _idle(process, idle_seconds)
    closed_loop(system.port, system.referrals(), 60, REFERRALS)
    time.sleep(3)
    used = resident(process)
    system.stop()
    how = (
        "`waypost run` on SQLite with the in-process broker, all services in one process, the postcode index built before. The "
        f"start runs from the command to the first 201. Memory is resident memory, after the first referral and after "
        f"{REFERRALS} more. Idle means {idle_seconds:.0f} s without a request."
    )
    figures = [
        Figure("start to the first accepted referral", accepted, "s", "under 3"),
        Figure("memory after the start", [fresh], "MB", "under 150"),
        Figure(f"memory after {REFERRALS} referrals", [used], "MB", "under 150"),
        Figure("idle, part of one core", [idle * 100], "%", "under 2"),
    ]
    return [Table("The default", how, figures)]


def _first_accepted(system: System, begun: float) -> float:
    request = next(system.referrals()[0])
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=5)
        try:
            connection.request("POST", "/v1/referrals", body, headers)
            status = connection.getresponse().status
        except OSError:
            assert time.monotonic() - begun < 60, "the default does not start"
            time.sleep(0.02)
            continue
        finally:
            connection.close()
        assert status == 201, f"the first referral was answered with {status}"
        return time.monotonic() - begun


def _idle(process: Process, seconds: float) -> float:
    """Processor time in parts of wall time, once what was accepted is done."""
    time.sleep(3)
    before = processor_seconds(process)
    time.sleep(seconds)
    return (processor_seconds(process) - before) / seconds
