"""Working days in England: Monday to Friday, without the bank holidays of England and Wales.

The calendar comes from the `holidays` library, moved days and one-off holidays included.
"""

from datetime import date, timedelta
from functools import cache, lru_cache

import holidays

SATURDAY = 5


@cache
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv="ENG")


def is_working_day(day: date) -> bool:
    """Whether offices in England are open on `day`."""
    return day.weekday() < SATURDAY and day not in _bank_holidays()


@lru_cache(maxsize=1024)
def add_working_days(start: date, days: int) -> date:
    """The working day that is `days` (1 or more) after `start`, which never counts: asked on Friday, 1 is Monday.

    Raises ValueError for fewer than 1.
    """
    if days < 1:
        raise ValueError("Working days are counted from 1.")
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return day


@lru_cache(maxsize=1024)
def working_days_before(day: date, days: int) -> date:
    """The working day that is `days` (1 or more) before `day`, which never counts: before a Monday, 1 is Friday.

    Raises ValueError for fewer than 1.
    """
    if days < 1:
        raise ValueError("Working days are counted from 1.")
    while days:
        day -= timedelta(days=1)
        days -= is_working_day(day)
    return day
