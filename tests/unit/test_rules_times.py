"""Ages and months, counted as the agencies' words and the law have them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.rules import Interval, age_on, birthday, months_since

days = some.dates(date(1950, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("released", "today", "months"),
    [
        (date(2026, 8, 20), date(2026, 8, 20), 0),
        (date(2026, 8, 20), date(2026, 8, 21), 1),
        (date(2026, 8, 20), date(2026, 11, 20), 3),
        (date(2026, 8, 20), date(2026, 11, 21), 4),
        (date(2026, 8, 31), date(2026, 11, 30), 3),
        (date(2026, 8, 31), date(2026, 12, 1), 4),
        (date(2026, 11, 30), date(2027, 2, 28), 3),
        (date(2026, 12, 24), date(2026, 11, 21), 0),
    ],
)
def test_months_since_a_release_are_rounded_up(released: date, today: date, months: int) -> None:
    assert months_since(released, today) == Interval(months, months)


@pytest.mark.parametrize(
    ("month", "today", "months"),
    [
        ((2026, 8), date(2026, 11, 21), Interval(3, 4)),
        ((2026, 8), date(2026, 11, 30), Interval(3, 4)),
        ((2026, 8), date(2026, 12, 1), Interval(4, 4)),
        ((2026, 11), date(2026, 11, 21), Interval(0, 1)),
        ((2026, 12), date(2026, 11, 21), Interval(0, 0)),
    ],
)
def test_a_release_known_by_its_month_gives_the_fewest_and_the_most(
    month: tuple[int, int], today: date, months: Interval
) -> None:
    assert months_since(month, today) == months


@given(days, some.integers(0, 400))
def test_a_months_interval_holds_what_any_day_of_it_would_give(day: date, later: int) -> None:
    today = day + timedelta(days=later)
    exact, by_month = months_since(day, today), months_since((day.year, day.month), today)

    assert by_month.low <= exact.low <= by_month.high
    assert by_month.high - by_month.low <= 1


def test_an_age_is_reached_on_the_birthday() -> None:
    born = date(2017, 3, 14)

    assert age_on(born, date(2026, 3, 13)) == 8
    assert age_on(born, date(2026, 3, 14)) == 9
    assert age_on(born, born) == 0


def test_born_on_29_february_somebody_turns_a_year_older_on_1_march_of_a_common_year() -> None:
    born = date(2020, 2, 29)

    assert age_on(born, date(2025, 2, 28)) == 4
    assert birthday(born, 5) == date(2025, 3, 1)
    assert age_on(born, date(2025, 3, 1)) == 5
    assert birthday(born, 8) == date(2028, 2, 29)


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="after the day"):
        age_on(date(2026, 11, 22), date(2026, 11, 21))


@given(days, some.integers(0, 110))
def test_age_goes_up_on_the_birthday_and_on_no_other_day(born: date, age: int) -> None:
    turning = birthday(born, age)

    assert age_on(born, turning) == age
    if age:
        assert age_on(born, turning - timedelta(days=1)) == age - 1
