"""When a delivery may go, and when one that failed is tried again: after 5, 10, 20 … seconds, at most an hour, for 3 days.

Jittered, so that what failed together returns apart. A receiver that asks for time (`Retry-After`) gets it, up to a day.
An endpoint that catches up is sent so many attempts a second and no more: neither it nor its neighbours are flooded.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_ASKED = 86_400.0


@dataclass(frozen=True)
class Schedule:
    """Seconds to the second attempt, the most between two, how long after its first failure an event is given up.

    `per_second` attempts go to one endpoint, after `at_once` that need not wait.
    """

    first: float = 5.0
    longest: float = 3600.0
    give_up_after: timedelta = timedelta(days=3)
    per_second: float = 100.0
    at_once: int = 20

    def due(self, now: datetime, attempts: int, first_failed_at: datetime, asked: float | None) -> datetime | None:
        """The next attempt after `attempts` failed ones, or None: given up. `asked` is what the receiver asked for."""
        wait = min(self.first * 2.0 ** min(attempts - 1, 30), self.longest) * random.uniform(0.5, 1.0)
        due = now + timedelta(seconds=max(wait, asked or 0.0))
        return due if due - first_failed_at < self.give_up_after else None


class Pace:
    """Counts one endpoint's attempts by a clock that is handed in, in seconds."""

    def __init__(self, schedule: Schedule) -> None:
        self._gap = 1.0 / schedule.per_second
        self._slack = schedule.at_once * self._gap
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next attempt may go; 0 for at once."""
        return max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """One goes now."""
        self._next = max(self._next, now - self._slack) + self._gap


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, in either of its forms; None where there is none that can be read."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_ASKED)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_ASKED)
