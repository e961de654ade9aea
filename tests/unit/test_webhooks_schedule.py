"""When a failed delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from services.routing.webhooks.schedule import Pace, Schedule, retry_after

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def waits(attempts: int, asked: float | None = None) -> float:
    due = Schedule().due(NOW, attempts, NOW, asked)
    assert due is not None
    return (due - NOW).total_seconds()


def test_waits_double_up_to_an_hour_and_differ() -> None:
    assert 2.5 <= waits(1) <= 5
    assert 5 <= waits(2) <= 10
    assert 40 <= waits(5) <= 80
    assert 1800 <= waits(50) <= 3600
    assert len({waits(8) for _ in range(20)}) > 1


def test_it_goes_on_for_three_days_and_then_ends() -> None:
    first = NOW - timedelta(days=3) + timedelta(hours=1, seconds=1)
    assert Schedule().due(NOW, 60, first, None) is not None
    assert Schedule().due(NOW, 60, NOW - timedelta(days=3) + timedelta(minutes=29), None) is None


def test_who_asks_for_time_gets_it() -> None:
    assert waits(1, asked=600) == 600
    assert waits(5, asked=1) >= 40


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Fri, 20 Nov 2026 10:05:00 GMT", 300.0),
        ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
        ("99999999999999999999", 86_400.0),
        ("Fri, 20 Nov 2099 10:05:00 GMT", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_an_endpoint_that_catches_up_is_sent_so_many_a_second_and_a_few_at_once() -> None:
    pace, now, sent = Pace(Schedule(per_second=100, at_once=20)), 1000.0, 0
    while now < 1002.0:
        if pace.wait(now):
            now += pace.wait(now)
        else:
            pace.take(now)
            sent += 1
    assert 215 <= sent <= 225
    assert pace.wait(now + 60) == 0
