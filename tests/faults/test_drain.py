"""A deployment: a process that is told to end under load finishes what it began in time, and the next goes on from there."""

import random
import socket
import time
from functools import partial
from pathlib import Path

import eventlet
import pytest

from tests.support.callers import Referrer, by_feed
from tests.support.ledger import Ledger, compare, table_of
from tests.support.system import System, default_system, wait_until

pytestmark = pytest.mark.timeout(300)

REFERRALS, STOP_SECONDS = 30, 10


def test_what_is_replaced_under_load_answers_what_it_began_and_loses_and_repeats_nothing(
    tmp_path: Path, places: Path
) -> None:
    with default_system(tmp_path, places, WAYPOST_STOP_SECONDS=str(STOP_SECONDS)) as system:
        ledger = Ledger(Referrer(system), random.randrange(1_000_000))
        posting = eventlet.spawn(ledger.post, REFERRALS)
        wait_until(lambda: ledger.acknowledged >= REFERRALS // 4, "referrals to be taken", seconds=60)
        with half_a_request(system):
            began = time.monotonic()
            code = system.process("everything").terminate(seconds=60)
            took = time.monotonic() - began

        # Two fifths are for requests: whoever dawdles longer is cut off, and everything else has its time.
        assert (code, took > 0.3 * STOP_SECONDS) == (0, True), f"it ended with {code} after {took:.1f} s"
        system.start()
        posting.wait()
        ledger.wait()
        ledger.ask_again()
        agencies = {agency: by_feed(system, agency) for agency in ("families-apart", "time-matters")}
        wait_until(system.is_quiet, "all queues to be empty", seconds=60)
        findings = partial(compare, ledger, Referrer(system), system, agencies)
        wait_until(lambda: all(each.is_right for each in findings()), "everything to be there once", seconds=60)
        assert ledger.outcomes == {"acknowledged": REFERRALS}, table_of(findings())


def half_a_request(system: System) -> socket.socket:
    """Somebody who began to refer a family and does not get to the end."""
    key = system.headers("referrals", "test-school")["Authorization"]
    client = socket.create_connection(("127.0.0.1", system.settings.ports["referrals"]), timeout=20)
    head = f"POST /v1/referrals HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\nContent-Length: 1000\r\n\r\n{{"
    client.sendall(head.encode())
    return client
