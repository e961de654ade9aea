"""What came of an agency's tasks, month by month in London: how many came and ended how, and how long it took.

A day that is over does not change any more: it is counted once, and kept. A task counts where its move fell; what a
rehearsal made up does not count. How long is said in whole days of 24 hours since the referral came.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import eventlet
from sqlalchemy import ColumnElement, Connection, Integer, cast, extract, func, select

from services.routing.tables import moves, task_days, tasks
from shared.clock import LONDON, london_date
from shared.contracts.envelope import REHEARSAL
from shared.database.rows import insert_or
from shared.messaging.store import Store

MONTHS = 12
_SETTLED: Final = timedelta(hours=1)
"""How long after its end a day is counted for good: a move that began before midnight may be committed after it."""
_COUNTED: Final = {
    "request": "requested",
    "accept": "accepted",
    "reject": "rejected",
    "complete": "completed",
    "fail": "failed",
}
_TIMED: Final = {"accept": "days_to_decide", "reject": "days_to_decide", "start": "days_to_start"}
_DAY, _DAY_SECONDS = timedelta(days=1), 86_400

Counts = dict[str, Any]


def outcomes(store: Store, agency: str) -> list[Counts]:
    """The last twelve months, this one last; each with `month`, five counts, and median days to decide and to start."""
    now = store.resources.clock.now()
    today = london_date(now)
    settled = london_date(now - _SETTLED) - _DAY
    wanted = _months(today)
    first = date.fromisoformat(f"{wanted[0]}-01")
    with store.reading() as connection:
        kept = _kept(connection, agency, first)
        uncounted = max([first, *(day + _DAY for day in kept)])
        fresh = {day: _count(connection, agency, day) for day in _days(uncounted, today)}
    _keep(store, agency, {day: counts for day, counts in fresh.items() if day <= settled})
    by_month: dict[str, list[Counts]] = {month: [] for month in wanted}
    for day, counts in (kept | fresh).items():
        by_month[f"{day:%Y-%m}"].append(counts)
    return [{"month": month, **_summed(days)} for month, days in by_month.items()]


def _kept(connection: Connection, agency: str, first: date) -> dict[date, Counts]:
    columns = task_days.c
    query = select(columns.day, columns.counts).where(columns.agency == agency, columns.day >= first)
    return {row.day: row.counts for row in connection.execute(query)}


def _keep(store: Store, agency: str, counted: dict[date, Counts]) -> None:
    """Days on which nothing happened are not kept, save the last: it says how far all have been counted."""
    if not counted:
        return
    last = max(counted)
    rows = [
        {"agency": agency, "day": day, "counts": counts} for day, counts in counted.items() if counts or day == last
    ]
    with store.writing() as transaction:
        insert_or(transaction.connection, task_days, rows, "DO NOTHING", "day")


def _count(connection: Connection, agency: str, day: date) -> Counts:
    """The counts of one day, and how often it took how many days; without what did not happen."""
    eventlet.sleep(0)
    lasted = _whole_days(connection, tasks.c.requested_at, moves.c.at)
    query = (
        select(moves.c.action, lasted.label("days"), func.count().label("number"))
        .join(tasks, tasks.c.id == moves.c.task_id)
        .where(moves.c.agency == agency, moves.c.at >= _begins(day), moves.c.at < _begins(day + _DAY))
        .where(moves.c.action.in_({*_COUNTED, *_TIMED}), ~tasks.c.referral_id.startswith(REHEARSAL))
        .group_by(moves.c.action, lasted)
    )
    counts: Counts = {}
    for row in connection.execute(query):
        if row.action in _COUNTED:
            name = _COUNTED[row.action]
            counts[name] = counts.get(name, 0) + row.number
        if row.action in _TIMED:
            times = counts.setdefault(_TIMED[row.action], {})
            times[str(row.days)] = times.get(str(row.days), 0) + row.number
    return counts


def _whole_days(connection: Connection, begin: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[int]:
    if connection.dialect.name == "sqlite":
        return cast(func.julianday(end) - func.julianday(begin), Integer)
    return cast(func.floor(extract("epoch", end - begin) / _DAY_SECONDS), Integer)


def _summed(days: Iterable[Counts]) -> Counts:
    days = list(days)
    totals = {name: sum(counts.get(name, 0) for counts in days) for name in _COUNTED.values()}
    medians = {name: _median([counts.get(name, {}) for counts in days]) for name in dict.fromkeys(_TIMED.values())}
    return totals | medians


def _median(times: Iterable[dict[str, int]]) -> float | None:
    """The median of numbers that are counted: how many there are of each."""
    counted: Counter[int] = Counter()
    for each in times:
        counted.update({int(days): number for days, number in each.items()})
    ordered, total = sorted(counted.items()), counted.total()
    if not total:
        return None
    return (_at(ordered, (total - 1) // 2) + _at(ordered, total // 2)) / 2


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    """The number that stands at a place, counted from 0."""
    for value, number in ordered:
        if place < number:
            return value
        place -= number
    raise IndexError(place)


def _months(today: date) -> list[str]:
    first = (today.year * 12 + today.month - 1) - (MONTHS - 1)
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(first, first + MONTHS)]


def _days(first: date, last: date) -> list[date]:
    return [first + _DAY * number for number in range((last - first).days + 1)]


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)
