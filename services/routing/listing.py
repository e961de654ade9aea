"""Lists of an agency's own tasks: which, in which order, a page at a time, each page found by an index.

`which` is a part of the agency's work (see `domain.lists`). `sort` is `newest`, `oldest` or `due`: what is due first, then
what is open and owes nothing; what is over is not in it. `reference` finds tasks by how their reference begins, in the
order of references.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, false, func, select

from services.routing.agency_tasks import LISTED, shown_in_list
from services.routing.domain.lists import (
    ACTIVE,
    BY_DUE,
    DUE,
    HELD,
    NEW,
    NEWEST,
    OLDEST,
    OVERDUE,
    RECALLED,
    SORTS,
    UNASSIGNED,
    WHICH,
)
from services.routing.domain.tasks import CANCELLED, ON_HOLD, OPEN, REQUESTED, STATES
from services.routing.notes import workers_of
from services.routing.tables import tasks
from shared import references
from shared.clock import london_date
from shared.http import problems
from shared.http.pages import Page, as_page, read_page
from shared.messaging.store import Store

_REFERENCE: Final = "reference"
_NOT_OVER = tasks.c.due.is_not(None)
_SHAPES: Mapping[str, tuple[type, ...]] = {NEWEST: (str,), OLDEST: (str,), BY_DUE: (str, str), _REFERENCE: (str, str)}


@dataclass(frozen=True)
class Wanted:
    """Which tasks, in which order. `worker` is a worker's index, `reference` how references begin."""

    which: str | None = None
    state: str | None = None
    worker: str | None = None
    reference: str | None = None
    sort: str = NEWEST

    @classmethod
    def of(cls, arguments: Mapping[str, str], **usual: str) -> "Wanted":
        """As a query says it, else as `usual` does; raises a 400 problem for what cannot be asked."""
        said = {name: arguments.get(name) or usual.get(name) for name in ("which", "state", "worker", "reference")}
        sort = arguments.get("sort") or usual.get("sort", NEWEST)
        for name, value, known in (
            ("which", said["which"], WHICH),
            ("state", said["state"], STATES),
            ("sort", sort, SORTS),
        ):
            if value is not None and value not in known:
                raise problems.bad_request(f"bad-{name}", f"{name} cannot be used", f"Send one of {', '.join(known)}.")
        return cls(**said, sort=sort)

    def conditions(self, agency: str, today: date) -> list[ColumnElement[bool]]:
        """What the rows must be."""
        columns = tasks.c
        wanted = [columns.agency == agency]
        if self.state is not None:
            wanted.append(columns.state == self.state)
        if self.worker is not None:
            wanted += [columns.worker_index == self.worker, _NOT_OVER]
        if self.reference is not None:
            span = references.beginning_with(self.reference)
            wanted.append(columns.reference.between(*span) if span else false())
        elif self.sort == BY_DUE:
            wanted.append(_NOT_OVER)
        return wanted + _WHICH[self.which](today) if self.which else wanted

    @property
    def order(self) -> str:
        return self.sort if self.reference is None else _REFERENCE


_WHICH: Mapping[str, Any] = {
    ACTIVE: lambda today: [_NOT_OVER],
    NEW: lambda today: [tasks.c.state == REQUESTED, _NOT_OVER],
    DUE: lambda today: [tasks.c.due == today],
    OVERDUE: lambda today: [tasks.c.due < today],
    HELD: lambda today: [tasks.c.state == ON_HOLD, _NOT_OVER],
    RECALLED: lambda today: [tasks.c.state == CANCELLED, _NOT_OVER],
    UNASSIGNED: lambda today: [tasks.c.worker.is_(None), tasks.c.state != CANCELLED, _NOT_OVER],
}


def list_tasks(store: Store, agency: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    """A page of the agency's tasks, as the query asks for them."""
    return page_of(store, agency, Wanted.of(arguments), arguments)


def page_of(store: Store, agency: str, wanted: Wanted, arguments: Mapping[str, str]) -> dict[str, Any]:
    """A page of the tasks that are wanted; `limit` and `cursor` stand in the query."""
    page = read_page(arguments, *_SHAPES[wanted.order])
    today = london_date(store.resources.clock.now())
    with store.reading() as connection:
        rows = rows_of(connection, agency, wanted, page, today)
        workers = workers_of(connection, store.resources.keyring, rows)
    return as_page(rows, page, _KEYS[wanted.order], lambda row: shown_in_list(row, workers.get(row["id"])))


def rows_of(connection: Connection, agency: str, wanted: Wanted, page: Page, today: date) -> list[RowMapping]:
    """The rows of a page, and one more where there is one."""
    query = select(*LISTED).where(*wanted.conditions(agency, today)).limit(page.limit + 1)
    return list(connection.execute(_after(query, wanted.order, page)).mappings())


def key_of(wanted: Wanted, row: RowMapping) -> tuple[str, ...]:
    """Where in the order a row stands: what `after` of the next page is."""
    return _KEYS[wanted.order](row)


def _after(query: Select[Any], order: str, page: Page) -> Select[Any]:
    id_, after = tasks.c.id, page.after
    if order == NEWEST:
        return (query if after is None else query.where(id_ < after[0])).order_by(id_.desc())
    if order == OLDEST:
        return (query if after is None else query.where(id_ > after[0])).order_by(id_)
    column = tasks.c.due if order == BY_DUE else tasks.c.reference
    if after is not None:
        value: Any = _day(after[0]) if order == BY_DUE else after[0]
        # The first condition alone is what an index can begin at.
        query = query.where(column >= value, (column > value) | (id_ > after[1]))
    return query.order_by(column, id_)


_KEYS: Mapping[str, Any] = {
    NEWEST: lambda row: (row["id"],),
    OLDEST: lambda row: (row["id"],),
    BY_DUE: lambda row: (row["due"].isoformat(), row["id"]),
    _REFERENCE: lambda row: (row["reference"], row["id"]),
}


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise problems.bad_request(
            "bad-cursor", "cursor cannot be used", "Send the `next` of the page before."
        ) from None


def counts_of(connection: Connection, agency: str, today: date) -> dict[str, int]:
    """How many tasks there are of each `which`, save the unassigned; and by `state/` of each state that is not over."""
    late, on_the_day = tasks.c.due < today, tasks.c.due == today
    query = (
        select(tasks.c.state, func.count(), *(func.count().filter(each) for each in (late, on_the_day)))
        .where(tasks.c.agency == agency, _NOT_OVER)
        .group_by(tasks.c.state)
    )
    rows = connection.execute(query).all()
    by_state = {state: count for state, count, _, _ in rows}
    return {
        ACTIVE: sum(by_state.values()),
        NEW: by_state.get(REQUESTED, 0),
        DUE: sum(row[3] for row in rows),
        OVERDUE: sum(row[2] for row in rows),
        HELD: by_state.get(ON_HOLD, 0),
        RECALLED: by_state.get(CANCELLED, 0),
        **{f"state/{state}": by_state.get(state, 0) for state in OPEN},
    }
