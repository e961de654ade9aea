"""How long agreement is waited for, and when one that was given runs out: pure.

Waiting is reminded after 7 and 21 days, and given up after 28. An agreement holds until its last day in London is over.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

REMINDED_AFTER = (timedelta(days=7), timedelta(days=21))
GIVEN_UP_AFTER = timedelta(days=28)
LONDON = ZoneInfo("Europe/London")


def clock_of(status: str, now: datetime, expires_on: date | None) -> dict[str, datetime | None]:
    """The columns by which a referral that comes into `status` now is found again when its time has come."""
    if status == "awaiting-consent":
        return {"awaiting_since": now, "clock_due_at": next_step(now, now)}
    return {"awaiting_since": None, "clock_due_at": over_at(expires_on) if expires_on else None}


def next_step(since: datetime, now: datetime) -> datetime:
    """When to remind next, or to give up. Reminders that time has passed over are not made up for."""
    return min(since + after for after in (*REMINDED_AFTER, GIVEN_UP_AFTER) if since + after > now)


def is_given_up(since: datetime, now: datetime) -> bool:
    return now >= since + GIVEN_UP_AFTER


def given_up_on(since: datetime) -> date:
    """The London day on which waiting ends."""
    return (since + GIVEN_UP_AFTER).astimezone(LONDON).date()


def over_at(expires_on: date) -> datetime:
    """The first moment after an agreement's last day."""
    return datetime.combine(expires_on + timedelta(days=1), time.min, LONDON)
