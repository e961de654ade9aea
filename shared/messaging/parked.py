"""What people may do with messages that failed: see them, try them again, or discard them with a reason.

Everything done is written to the audit in the same transaction. Nothing here expires on its own. However many are parked,
nothing here counts or reads them all: groups are counted by the database, lists are pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, func, select, true

from shared.audit.record import record_each
from shared.http.pages import Page, as_page
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

RETRY, DISCARD = "retry", "discard"
ACTIONS = (RETRY, DISCARD)
_FIRST_PAGE = Page(50, None)
_LISTED = (
    "event_id",
    "type",
    "subject",
    "size",
    "error",
    "place",
    "attempts",
    "failed_at",
    "first_failed_at",
    "parked_at",
)


@dataclass(frozen=True)
class Filter:
    """Which parked messages are meant; what is None does not matter. `group_id` is a group's, as groups are listed."""

    group_id: int | None = None
    error: str | None = None
    place: str | None = None
    type: str | None = None
    subject: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Filter":
        """The filter among other values; a group may be called `group` too, as in a URL."""
        known = {each.name: values.get(each.name) or None for each in fields(cls)}
        group = values.get("group") or known["group_id"]
        return cls(**known | {"group_id": int(group) if group is not None else None})

    def values(self) -> dict[str, Any]:
        return asdict(self)

    def of_group(self, table: Table) -> ColumnElement[bool]:
        """Which rows of `parked_groups` match."""
        wanted = {name: value for name, value in self.values().items() if value is not None and name != "subject"}
        named = {"id" if name == "group_id" else name: value for name, value in wanted.items()}
        return and_(true(), *(table.c[name] == value for name, value in named.items()))

    def of_message(self, table: Table) -> ColumnElement[bool]:
        """Which rows of `failures` match; of a group only by what it is a group of."""
        wanted = {name: value for name, value in self.values().items() if value is not None and name != "group_id"}
        return and_(true(), *(table.c[name] == value for name, value in wanted.items()))

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.values().items() if value is not None) or "all"


def parked_groups(store: Store, wanted: Filter | None = None) -> list[dict[str, Any]]:
    """Parked messages counted by what went wrong and where, the largest group first; `oldest` is when the first was parked."""
    with store.reading() as connection:
        rows = groups_matching(connection, store, wanted or Filter(), with_oldest=True)
    counted = sorted(rows, key=lambda row: (-row.messages, row.error, row.place))
    return [
        {"count": row.messages, **{name: getattr(row, name) for name in ("id", "error", "place", "type", "oldest")}}
        for row in counted
    ]


def parked_messages(store: Store, wanted: Filter | None = None, page: Page = _FIRST_PAGE) -> dict[str, Any]:
    """A page `{items, next}`: group by group, in each the one that was parked first comes first; bodies stay sealed."""
    wanted, table = wanted or Filter(), store.metadata.tables["failures"]
    columns = [table.c[name] for name in _LISTED]
    query = select(*columns).where(table.c.parked_at.is_not(None)).order_by(table.c.parked_at, table.c.event_id)
    after_group, after_moment, after_id = page.after or (0, "", "")
    behind = (table.c.parked_at, table.c.event_id)
    found: list[tuple[int, Row[Any]]] = []
    with store.reading() as connection:
        if wanted.subject is not None:
            places = [(0, wanted.of_message(table))]
        else:
            places = [(group.id, in_group(table, group)) for group in groups_matching(connection, store, wanted)]
        for group_id, place in places:
            if group_id < int(after_group) or len(found) > page.limit:
                continue
            limited = query.where(place).limit(page.limit + 1 - len(found))
            if group_id == after_group and after_moment:
                moment = datetime.fromisoformat(str(after_moment))
                # Spelt out: SQLite finds no index by a comparison of tuples with a null in it, PostgreSQL by either.
                limited = limited.where(behind[0] >= moment, (behind[0] > moment) | (behind[1] > str(after_id)))
            found += [(group_id, row) for row in connection.execute(limited)]
    return as_page(
        found,
        page,
        lambda each: (each[0], each[1].parked_at.isoformat(), each[1].event_id),
        lambda each: plain(each[1]),
    )


def retry_parked(store: Store, actor: str, ids: Sequence[str]) -> int:
    """Makes parked messages due now; answers how many. The inbox tries them."""
    with store.writing() as transaction:
        done = make_due(transaction, store, ids)
        record_each(transaction, actor, "parked.retry", done)
    return len(done)


def discard_parked(store: Store, actor: str, reason: str, ids: Sequence[str]) -> int:
    """Gives parked messages up for good, for a reason that people can read later; answers how many."""
    with store.writing() as transaction:
        gone = give_up(transaction, store, ids)
        record_each(transaction, actor, "parked.discard", gone, reason)
    return len(gone)


def make_due(transaction: Transaction, store: Store, ids: Sequence[str], job_id: str | None = None) -> list[str]:
    """Lets the inbox try them now, with all their attempts before them; answers which of them were parked."""
    table = store.metadata.tables["failures"]
    due = {"parked_at": None, "due_at": transaction.now, "attempts": 0, "job_id": job_id}
    chosen = table.update().where(_parked(table, ids)).values(**due).returning(table.c.event_id)
    return sorted(transaction.execute(chosen).scalars())


def give_up(transaction: Transaction, store: Store, ids: Sequence[str]) -> list[str]:
    """Takes them away; answers which were parked. Their inbox rows are written: a copy that comes again does nothing either."""
    table, inbox = store.metadata.tables["failures"], store.metadata.tables["inbox"]
    told = ("event_id", "type", "subject", "attempts", "first_failed_at", "error")
    columns = (table.c[name] for name in told)
    gone = transaction.execute(table.delete().where(_parked(table, ids)).returning(*columns)).all()
    for row in gone:
        transaction.insert(inbox, **plain(row), taken_at=transaction.now, given_up=True)
    return sorted(row.event_id for row in gone)


def groups_matching(connection: Any, store: Store, wanted: Filter, with_oldest: bool = False) -> list[Row[Any]]:
    """The groups in which something is parked, in the order of their ids. Answers in milliseconds, since groups are few."""
    table, failures = store.metadata.tables["parked_groups"], store.metadata.tables["failures"]
    columns: list[Any] = list(table.c)
    if with_oldest:
        first = select(func.min(failures.c.parked_at)).where(failures.c.parked_at.is_not(None))
        columns.append(first.where(in_group(failures, table.c)).scalar_subquery().label("oldest"))
    query = select(*columns).where(table.c.messages > 0, wanted.of_group(table)).order_by(table.c.id)
    return list(connection.execute(query))


def in_group(failures: Table, group: Any) -> ColumnElement[bool]:
    """Which messages are of a group: a row of `parked_groups`, or its columns."""
    return and_(*(failures.c[name] == getattr(group, name) for name in ("error", "place", "type")))


def oldest_age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since `moment`; None where there is none."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def plain(row: Row[Any]) -> dict[str, Any]:
    """A row under names that are texts and no more: orjson writes no other, and SQLAlchemy's own names are more."""
    return {str(name): value for name, value in row._mapping.items()}


def _parked(table: Table, ids: Sequence[str]) -> ColumnElement[bool]:
    return table.c.parked_at.is_not(None) & table.c.event_id.in_(ids)
