"""Timers go on at their pace while the machine's clock is set forward and back."""

import time

import pytest
from nameko.containers import ServiceContainer

from shared.timer import timer
from tests.support.system import wait_until

INTERVAL = 0.2
HOUR = 3600.0


class Ticking:
    name = "ticking"
    rounds = 0

    @timer(interval=INTERVAL)
    def tick(self) -> None:
        Ticking.rounds += 1


@pytest.mark.parametrize("ahead", [-2 * HOUR, 26 * HOUR])
def test_a_clock_that_is_set_neither_stops_nor_hurries_what_comes_round(
    ahead: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = ServiceContainer(Ticking, {})
    container.start()
    try:
        before = Ticking.rounds
        wait_until(lambda: Ticking.rounds > before, "a first round")
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + ahead)
        since, rounds = time.monotonic(), Ticking.rounds
        wait_until(lambda: Ticking.rounds >= rounds + 6, "more rounds")
        # The first may come at once, and one after each that a busy machine held up; never all of them.
        assert time.monotonic() - since >= 2 * INTERVAL
    finally:
        container.stop()
