"""Each asker has a burst, then a steady rate, and does not pay for the others."""

import pytest

from shared.http.limits import RateLimit
from shared.http.problems import Problem


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def allowed(limit: RateLimit, who: str, asks: int) -> int:
    done = 0
    for _ in range(asks):
        try:
            limit.take(who)
            done += 1
        except Problem:
            continue
    return done


@pytest.mark.parametrize(("rate", "burst"), [(20, 40), (3, 7), (0.1, 5)])
def test_a_burst_is_allowed_and_not_one_more(rate: float, burst: int) -> None:
    assert allowed(RateLimit(rate, burst, Time()), "a", burst + 10) == burst


def test_after_the_burst_requests_are_allowed_at_the_rate() -> None:
    time = Time()
    limit = RateLimit(10, 5, time)
    allowed(limit, "a", 5)
    time.now += 0.3
    assert allowed(limit, "a", 10) == 3


def test_waiting_as_long_as_told_is_enough() -> None:
    time = Time()
    limit = RateLimit(0.5, 1, time)
    limit.take("a")
    with pytest.raises(Problem) as raised:
        limit.take("a")
    assert (raised.value.status, raised.value.headers) == (429, {"Retry-After": "2"})
    time.now += 2
    limit.take("a")


def test_one_asker_does_not_use_up_anothers() -> None:
    limit = RateLimit(1, 2, Time())
    allowed(limit, "a", 9)
    assert allowed(limit, "b", 9) == 2


def test_checking_counts_nothing() -> None:
    limit = RateLimit(1, 2, Time())
    for _ in range(9):
        limit.check("a")
    assert allowed(limit, "a", 9) == 2
    with pytest.raises(Problem):
        limit.check("a")


def test_memory_is_bounded_and_the_busiest_is_not_forgotten_first() -> None:
    time = Time()
    limit = RateLimit(1, 2, time, most=100)
    for number in range(1000):
        allowed(limit, "busy", 3)
        allowed(limit, f"client-{number}", 1)
    assert len(limit._full_at) == 100
    assert allowed(limit, "busy", 1) == 0
