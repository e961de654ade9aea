"""Who has room: what each agency says of itself, or the directory while it has said nothing.

`closed` is asked by nobody; `waiting-list` is asked, and the fact goes with the task. What an agency says holds until the
end of the day that it names. When one opens, the referrals that waited for room alone are decided again: the agency's row
is marked with its answer, and unmarked when all have been, so a stop in between loses none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select, update

from services.routing.tables import capacities as table
from shared.clock import london_date
from shared.database.rows import insert_or, run
from shared.messaging.transaction import Transaction
from shared.resources import Resources

OPEN, WAITING_LIST, CLOSED = STATES = ("open", "waiting-list", "closed")


@dataclass(frozen=True)
class Capacity:
    """What an agency says: `state`, and the last day on which it holds, where there is one."""

    state: str
    until: date | None = None


OPEN_TO_ALL: Final = Capacity(OPEN)
Capacities = Mapping[str, Capacity]
_SAID = select(table.c.agency, table.c.state, table.c.until)
NO_LIMITS: Final[Capacities] = {}


def capacities(connection: Connection, resources: Resources) -> Capacities:
    """The agencies that are not simply open. Asked for each task: on PostgreSQL without a transaction made for it."""
    if connection.dialect.name == "sqlite":
        return _limits(resources, connection.execute(_SAID).all())
    return _limits(resources, run(connection, "SELECT agency, state, until FROM capacities", alone=True).fetchall())


def hold_closed(transaction: Transaction) -> Capacities:
    """The same, and no agency can change its answer before this transaction ends.

    Else a referral could be found to have nowhere to go just after those that waited were decided again.
    """
    rows = transaction.execute(_SAID.order_by(table.c.agency).with_for_update(read=True)).all()
    return _limits(transaction.resources, rows)


def capacity_of(connection: Connection, resources: Resources, agency: str) -> Capacity:
    """What holds for one agency today."""
    return capacities(connection, resources).get(agency, OPEN_TO_ALL)


def set_capacity(transaction: Transaction, agency: str, capacity: Capacity, actor: str) -> None:
    """The agency's answer from now on."""
    row = {
        "agency": agency,
        "state": capacity.state,
        "until": capacity.until,
        "changed_at": transaction.now,
        "changed_by": actor,
        "decide_again": capacity.state != CLOSED,
    }
    news = ", ".join(f"{name} = excluded.{name}" for name in row)
    insert_or(transaction.connection, table, [row], f"(agency) DO UPDATE SET {news}", "agency")


def end_what_is_over(transaction: Transaction, actor: str) -> None:
    """An agency whose last day has passed is open again."""
    transaction.execute(
        update(table)
        .where(table.c.until < london_date(transaction.now))
        .values(state=OPEN, until=None, changed_at=transaction.now, changed_by=actor, decide_again=True)
    )


def _limits(resources: Resources, rows: Any) -> Capacities:
    today = london_date(resources.clock.now())
    listed = {each.id: Capacity(each.capacity) for each in resources.directory.agencies}
    said = {
        agency: Capacity(state, until) if not until or until >= today else OPEN_TO_ALL for agency, state, until in rows
    }
    return {agency: capacity for agency, capacity in {**listed, **said}.items() if capacity.state != OPEN}
