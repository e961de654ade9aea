"""One look a minute at every service and agency, kept for the picture of the last hour.

Any number of replicas look; of each minute one look is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, delete, select

from shared.database.types import Moment
from shared.messaging.store import Store

MINUTES = 60
KEPT = timedelta(hours=2)


def add_samples_table(metadata: MetaData) -> None:
    """`name` is a service's, or an agency's behind `agency:`; `came` and `went` are what did within the minute before."""
    Table(
        "samples",
        metadata,
        Column("minute", Moment, primary_key=True),
        Column("name", String(100), primary_key=True),
        Column("waiting", Integer, nullable=False),
        Column("came", Integer, nullable=False),
        Column("went", Integer, nullable=False),
    )


def is_due(store: Store) -> bool:
    """Whether nobody has looked in this minute."""
    table = store.metadata.tables["samples"]
    query = select(table.c.name).where(table.c.minute == _minute(store)).limit(1)
    with store.reading() as connection:
        return connection.execute(query).first() is None


def keep(store: Store, overview: Mapping[str, Any]) -> None:
    """Keeps a look, unless another replica was first; what is older than anybody sees goes."""
    table, minute = store.metadata.tables["samples"], _minute(store)
    rows = [{"minute": minute, **row} for row in _rows(overview)]
    insert = store.database.insert(table).on_conflict_do_nothing()
    with store.writing() as transaction:
        if rows:
            transaction.execute(insert, rows)
        transaction.execute(delete(table).where(table.c.minute < minute - KEPT))


def last_hour(store: Store) -> dict[str, list[int | None]]:
    """For each name what came and went in each of the last 60 minutes, the oldest first; None where nobody looked."""
    table, minute = store.metadata.tables["samples"], _minute(store)
    first = minute - timedelta(minutes=MINUTES - 1)
    query = select(table).where(table.c.minute >= first, table.c.minute <= minute)
    found: defaultdict[str, list[int | None]] = defaultdict(lambda: [None] * MINUTES)
    with store.reading() as connection:
        for row in connection.execute(query):
            found[row.name][int((row.minute - first).total_seconds() // 60)] = row.came + row.went
    return dict(found)


def _rows(overview: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for row in overview["services"]:
        if not row.get("unreachable"):
            lately = {"came": row["in_last_minute"], "went": row["out_last_minute"]}
            yield {"name": row["service"], "waiting": row["waiting"] or 0, **lately}
    for row in overview["agencies"]:
        lately = {"came": row["in_last_minute"], "went": row["out_last_minute"]}
        yield {"name": f"agency:{row['agency']}", "waiting": row["requested"], **lately}


def _minute(store: Store) -> datetime:
    return store.resources.clock.now().replace(second=0, microsecond=0)
