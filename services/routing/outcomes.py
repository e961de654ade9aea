"""What came of an agency's tasks, month by month in London: how many came and ended how, and how long it took.

A month that is over does not change any more: it is counted once, and kept. A referral counts where its move fell; what a
rehearsal made up does not count.
"""

from collections import Counter
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import Connection, select

from services.routing.tables import moves, task_months, tasks
from shared.clock import LONDON, london_date
from shared.contracts.envelope import REHEARSAL
from shared.database.rows import insert_or
from shared.messaging.store import Store

MONTHS = 12
_SETTLED: Final = timedelta(hours=1)
"""How long after its end a month is counted for good: a move that began before midnight may be committed after it."""
_COUNTED: Final = {
    "request": "requested",
    "accept": "accepted",
    "reject": "rejected",
    "complete": "completed",
    "fail": "failed",
}
_DECIDES, _STARTS = ("accept", "reject"), "start"

Counts = dict[str, Any]


def outcomes(store: Store, agency: str) -> list[Counts]:
    """The last twelve months, this one last; each with `month`, five counts, and median days to decide and to start."""
    now = store.resources.clock.now()
    wanted = _months(london_date(now))
    with store.reading() as connection:
        kept: dict[str, Counts] = {row.month: row.counts for row in connection.execute(_kept(agency, wanted))}
        fresh = {month: _count(connection, agency, month) for month in wanted if month not in kept}
    settled = [month for month in fresh if _begins(_following(month)) + _SETTLED <= now]
    if settled:
        rows = [{"agency": agency, "month": month, "counts": fresh[month]} for month in settled]
        with store.writing() as transaction:
            insert_or(transaction.connection, task_months, rows, "DO NOTHING", "month")
    return [{"month": month, **(kept.get(month) or fresh[month])} for month in wanted]


def _kept(agency: str, wanted: list[str]) -> Any:
    columns = task_months.c
    return select(columns.month, columns.counts).where(columns.agency == agency, columns.month.in_(wanted))


def _count(connection: Connection, agency: str, month: str) -> Counts:
    query = (
        select(moves.c.action, moves.c.at, tasks.c.requested_at)
        .join(tasks, tasks.c.id == moves.c.task_id)
        .where(moves.c.agency == agency, moves.c.at >= _begins(month), moves.c.at < _begins(_following(month)))
        .where(moves.c.action.in_([*_COUNTED, _STARTS]), ~tasks.c.referral_id.startswith(REHEARSAL))
    )
    rows = connection.execute(query).all()
    counted = Counter(row.action for row in rows)
    return {
        **{name: counted[action] for action, name in _COUNTED.items()},
        "days_to_decide": _median([_days(row) for row in rows if row.action in _DECIDES]),
        "days_to_start": _median([_days(row) for row in rows if row.action == _STARTS]),
    }


def _days(row: Any) -> int:
    """Days of the calendar from when the referral came to the move."""
    return (london_date(row.at) - london_date(row.requested_at)).days


def _median(days: list[int]) -> float | None:
    return median(days) if days else None


def _months(today: date) -> list[str]:
    first = (today.year * 12 + today.month - 1) - (MONTHS - 1)
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(first, first + MONTHS)]


def _following(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


def _begins(month: str) -> datetime:
    return datetime.combine(date.fromisoformat(f"{month}-01"), time(), LONDON)
