"""The time, as a thing that is handed in: no rule asks the machine for it, so a test can walk through weeks."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Clock(Protocol):
    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def london_date(moment: datetime) -> date:
    """The day that people in England call `moment`: ages and due dates are counted in London dates."""
    return moment.astimezone(LONDON).date()
