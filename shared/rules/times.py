"""Ages and months as the rules count them. Every function takes the day to count on: nothing here knows what day it is.

Days are London dates. A released relative's months are counted up: the day three months after release is still month 3,
the day after it is month 4.
"""

from calendar import monthrange
from datetime import date, timedelta

from shared.rules.facts import Interval

YearMonth = tuple[int, int]


def birthday(date_of_birth: date, age: int) -> date:
    """The day on which somebody turns `age`.

    In England and Wales an age is reached at the start of the anniversary of the date of birth (Family Law Reform Act
    1969, section 9). Somebody born on 29 February has no such date in a common year, and is taken to reach the age on 1
    March.
    """
    year = date_of_birth.year + age
    if (date_of_birth.month, date_of_birth.day) == (2, 29) and monthrange(year, 2)[1] == 28:
        return date(year, 3, 1)
    return date_of_birth.replace(year=year)


def age_on(date_of_birth: date, today: date) -> int:
    """Age in whole years on a day. Raises ValueError for a date of birth after that day."""
    if date_of_birth > today:
        raise ValueError("The date of birth is after the day to count on.")
    age = today.year - date_of_birth.year
    return age if birthday(date_of_birth, age) <= today else age - 1


def months_since(released_on: date | YearMonth, today: date) -> Interval:
    """Whole months from a release to a day, rounded up; a release still to come counts as 0.

    A date gives one number. A month, `(2026, 8)`, gives the fewest and the most that it could be.
    """
    if isinstance(released_on, date):
        months = _rounded_up(released_on, today)
        return Interval(months, months)
    year, month = released_on
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    return Interval(_rounded_up(last, today), _rounded_up(first, today))


def _rounded_up(start: date, today: date) -> int:
    if today <= start:
        return 0
    months = (today.year - start.year) * 12 + today.month - start.month
    return months if _later(start, months) >= today else months + 1


def _later(start: date, months: int) -> date:
    """The same day some months on, or the last day of a month too short for it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(following - timedelta(days=1), date(year, month + 1, 1) + timedelta(days=start.day - 1))
