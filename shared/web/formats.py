"""Dates, times and numbers as people here write them: 20 November 2026, 2:30pm, 1,234. Times are London's."""

from datetime import date, datetime

from shared.clock import LONDON


def spoken(moment: date | datetime | str) -> str:
    """20 November 2026. A text is read as ISO 8601."""
    day = _day(moment)
    return f"{day.day} {day:%B %Y}"


def short(moment: date | datetime | str) -> str:
    """20 Nov 2026, for tables."""
    day = _day(moment)
    return f"{day.day} {day:%b %Y}"


def clock_time(moment: datetime | str) -> str:
    """2:30pm; midday and midnight by their names."""
    at = _moment(moment)
    if at.minute == 0 and at.hour in (0, 12):
        return "midday" if at.hour else "midnight"
    return f"{at.hour % 12 or 12}:{at:%M}{'am' if at.hour < 12 else 'pm'}"


def when(moment: datetime | str) -> str:
    """20 November 2026 at 2:30pm."""
    return f"{spoken(_moment(moment))} at {clock_time(moment)}"


def number(value: int) -> str:
    """1,234."""
    return f"{value:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 child, 2 children."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def joined(words: list[str], last: str = "and") -> str:
    """One, two and three."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _moment(moment: datetime | str) -> datetime:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(LONDON)


def _day(moment: date | datetime | str) -> date:
    if isinstance(moment, str):
        moment = date.fromisoformat(moment) if len(moment) == 10 else datetime.fromisoformat(moment)
    return moment.astimezone(LONDON).date() if isinstance(moment, datetime) else moment
