"""Due dates are counted in the working days of England."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.working_days import add_working_days, is_working_day, working_days_before


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # from a Friday to the Monday
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # a Saturday is as good as the Friday
        (date(2026, 11, 23), 5, date(2026, 11, 30)),  # a working week
        (date(2026, 12, 24), 1, date(2026, 12, 29)),  # Christmas on a Friday, Boxing Day moved to the Monday
        (date(2027, 3, 25), 2, date(2027, 3, 31)),  # over Good Friday and Easter Monday
        (date(2023, 5, 5), 1, date(2023, 5, 9)),  # the coronation, once only
    ],
)
def test_weekends_and_bank_holidays_do_not_count(start: date, days: int, due: date) -> None:
    assert add_working_days(start, days) == due


def test_holidays_of_scotland_alone_are_working_days_here() -> None:
    assert is_working_day(date(2026, 11, 30))  # St Andrew's Day
    assert is_working_day(date(2029, 1, 2))


@pytest.mark.parametrize("count", [add_working_days, working_days_before])
def test_less_than_a_day_is_refused(count: Callable[[date, int], date]) -> None:
    with pytest.raises(ValueError, match="from 1"):
        count(date(2026, 11, 20), 0)


@pytest.mark.parametrize(
    ("day", "days", "earlier"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 20)),  # from a Monday to the Friday
        (date(2026, 12, 29), 1, date(2026, 12, 24)),  # over Christmas and the moved Boxing Day
        (date(2026, 11, 30), 5, date(2026, 11, 23)),  # a working week
    ],
)
def test_weekends_and_bank_holidays_do_not_count_backwards_either(day: date, days: int, earlier: date) -> None:
    assert working_days_before(day, days) == earlier


@given(st.dates(date(2024, 1, 1), date(2034, 12, 31)), st.integers(1, 30))
def test_the_due_day_is_a_working_day_and_so_many_lie_after_the_start(start: date, days: int) -> None:
    due = add_working_days(start, days)
    between = [start + timedelta(days=number) for number in range(1, (due - start).days + 1)]
    assert is_working_day(due)
    assert sum(map(is_working_day, between)) == days


@given(st.dates(date(2024, 1, 1), date(2034, 12, 31)), st.integers(1, 30))
def test_from_a_working_day_there_and_back_is_the_same_day(start: date, days: int) -> None:
    day = add_working_days(start, 1)
    assert working_days_before(add_working_days(day, days), days) == day
