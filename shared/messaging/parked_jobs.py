"""Many parked messages tried again, or given up, at a pace: a row says what was asked and how far it has come.

The count is fixed when a job begins: what is parked later, and what fails again meanwhile, is not taken by it, so that a job
ends. Any number of replicas may step the same job; one at a time does. Each message that is moved is in the audit.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from shared.audit.record import record, record_each
from shared.http import problems
from shared.ids import new_id
from shared.messaging.parked import DISCARD, RETRY, Filter, give_up, groups_matching, in_group, make_due, plain
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

RUNNING, SETTLING, DONE = "running", "settling", "done"
FASTEST = 1000
USUAL = 20
"""Messages a second: a handler of ours takes a few milliseconds, and other work goes on beside it."""
_MOST_AT_ONCE = 1000
_KEPT_LISTED = 20


def begin(
    store: Store, actor: str, action: str, wanted: Filter, pace: int, reason: str | None = None
) -> dict[str, Any]:
    """A new job; its first step comes within a second. Raises a 409 problem when nothing matches."""
    table = store.metadata.tables["parked_jobs"]
    job_id = new_id()
    with store.writing() as transaction:
        total = count(transaction, store, wanted)
        if not total:
            raise problems.conflict("nothing-parked", "Nothing matches", "What you saw has been dealt with meanwhile.")
        transaction.execute(
            table.insert().values(
                id=job_id,
                action=action,
                **wanted.values(),
                pace=pace,
                reason=reason,
                actor=actor[:80],
                begun_at=transaction.now,
                stepped_at=transaction.now,
                total=total,
                moved=0,
                failed_again=0,
                state=RUNNING,
            )
        )
        said = f"{total} messages at {pace} a second; {wanted}" + (f"; {reason}" if reason else "")
        record(transaction, actor, f"parked.{action}-many", job_id, said)
    return job(store, job_id)


def count(transaction: Any, store: Store, wanted: Filter) -> int:
    """How many parked messages match at this moment."""
    if wanted.subject is None:
        return sum(group.messages for group in groups_matching(transaction, store, wanted))
    table = store.metadata.tables["failures"]
    query = select(func.count()).where(table.c.parked_at.is_not(None), wanted.of_message(table))
    return int(transaction.execute(query).scalar_one())


def job(store: Store, job_id: str) -> dict[str, Any]:
    """How far a job has come; raises a 404 problem.

    Of what was moved, `succeeded` had its effect, `under_way` is due or being tried, `failed_again` is parked anew.
    """
    table = store.metadata.tables["parked_jobs"]
    with store.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == job_id)).first()
        if row is None:
            raise problems.not_found()
        again, under_way = (row.failed_again, 0) if row.state == DONE else _outcome(connection, store, row)
    shown = plain(row)
    return shown | {
        "failed_again": again,
        "under_way": under_way,
        "succeeded": row.moved - again - under_way if row.action == RETRY else 0,
    }


def jobs(store: Store) -> list[dict[str, Any]]:
    """The newest jobs, those that are not done among them."""
    table = store.metadata.tables["parked_jobs"]
    names = ("id", "action", "actor", "begun_at", "total", "moved", "pace", "state", "ended_at", "stopped_by")
    query = select(*(table.c[name] for name in names)).order_by(table.c.id.desc()).limit(_KEPT_LISTED)
    with store.reading() as connection:
        return [plain(row) for row in connection.execute(query)]


def stop(store: Store, actor: str, job_id: str) -> dict[str, Any]:
    """Nothing more is moved; what was moved already goes its way. Raises a 404 problem."""
    table = store.metadata.tables["parked_jobs"]
    with store.writing() as transaction:
        stopped = transaction.execute(
            table.update()
            .where(table.c.id == job_id, table.c.state == RUNNING)
            .values(state=SETTLING, stopped_by=actor[:80])
        )
        if stopped.rowcount:
            record(transaction, actor, "parked.stopped", job_id)
    return job(store, job_id)


def step_all(store: Store) -> bool:
    """One step of every job that is not done; answers whether there is one that moves messages."""
    table = store.metadata.tables["parked_jobs"]
    with store.reading() as connection:
        ids = list(connection.execute(select(table.c.id).where(table.c.state != DONE).order_by(table.c.id)).scalars())
    moving = [_step(store, job_id) for job_id in ids]
    return any(moving)


def _step(store: Store, job_id: str) -> bool:
    table = store.metadata.tables["parked_jobs"]
    mine = select(table).where(table.c.id == job_id, table.c.state != DONE).with_for_update(skip_locked=True)
    with store.writing() as transaction:
        row = transaction.execute(mine).first()
        if row is None:
            return False
        values = _move(transaction, store, row) if row.state == RUNNING else _settle(transaction, store, row)
        if values:
            transaction.execute(table.update().where(table.c.id == job_id).values(**values))
        return bool(values.get("state", row.state) == RUNNING)


def _move(transaction: Transaction, store: Store, row: Row[Any]) -> dict[str, Any]:
    """Moves as many as the pace allows since the last step, never more than a second's worth or so."""
    allowed = min(_allowed(row, transaction.now), row.total - row.moved)
    if row.total > row.moved and not allowed:
        return {}
    ids = _next(transaction, store, row, allowed)
    if ids and row.action == RETRY:
        make_due(transaction, store, ids, row.id)
    elif ids:
        give_up(transaction, store, ids)
    action = "parked.retry" if row.action == RETRY else "parked.discard"
    record_each(transaction, row.actor, action, ids, row.reason or f"of {row.id}")
    moved = row.moved + len(ids)
    if ids and moved < row.total:
        return {"moved": moved, "stepped_at": transaction.now}
    ended = {"state": DONE, "ended_at": transaction.now} if row.action == DISCARD else {"state": SETTLING}
    return {"moved": moved, "stepped_at": transaction.now, **ended}


def _allowed(row: Row[Any], now: datetime) -> int:
    seconds = min((now - row.stepped_at).total_seconds(), 1.5)
    return min(int(row.pace * seconds), _MOST_AT_ONCE)


def _next(transaction: Transaction, store: Store, row: Row[Any], most: int) -> list[str]:
    """The ids of the messages that are next, the oldest of each group first; none that was parked after the job began."""
    table, wanted = store.metadata.tables["failures"], Filter.of(plain(row))
    before = table.c.parked_at.is_not(None) & (table.c.parked_at <= row.begun_at)
    query = select(table.c.event_id).where(before).order_by(table.c.parked_at, table.c.event_id)
    found: list[str] = []
    if wanted.subject is not None:
        places = [wanted.of_message(table)]
    else:
        places = [in_group(table, group) for group in groups_matching(transaction, store, wanted)]
    for place in places:
        if len(found) < most:
            limited = query.where(place).limit(most - len(found)).with_for_update(skip_locked=True)
            found += transaction.execute(limited).scalars()
    return found


def _settle(transaction: Transaction, store: Store, row: Row[Any]) -> dict[str, Any]:
    """Done when all that was moved has had its effect, or has failed for good again."""
    again, under_way = _outcome(transaction, store, row)
    if under_way:
        return {}
    return {"state": DONE, "ended_at": transaction.now, "failed_again": again}


def _outcome(connection: Any, store: Store, row: Row[Any]) -> tuple[int, int]:
    """How many that were moved are parked again, and how many are still to be tried."""
    table = store.metadata.tables["failures"]
    query = select(func.count(), func.count(table.c.parked_at)).where(table.c.job_id == row.id)
    every, again = connection.execute(query).one()
    return again, every - again
