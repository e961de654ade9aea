"""Due dates are counted in the working days of England."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.working_days import add_working_days, is_working_day


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


def test_less_than_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1"):
        add_working_days(date(2026, 11, 20), 0)


@given(st.dates(date(2024, 1, 1), date(2034, 12, 31)), st.integers(1, 30))
def test_the_due_day_is_a_working_day_and_so_many_lie_after_the_start(start: date, days: int) -> None:
    due = add_working_days(start, days)
    between = [start + timedelta(days=number) for number in range(1, (due - start).days + 1)]
    assert is_working_day(due)
    assert sum(map(is_working_day, between)) == days
