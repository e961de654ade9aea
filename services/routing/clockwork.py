"""The clock: what an agency owes is asked for on the day, told of when it is late, and shown to operations when it stays so.

An agency owes four things: to see its task (`acknowledge`), to answer (`decide`), to reach the family (`contact`), and to
confirm a recall (`recall`). On the morning of the due day it is reminded (`task.due`); on the next working day all are
told (`task.overdue`); a working day later it is escalated. A task on hold owes nothing. Nothing is rejected or closed
by the clock.

The row of a chase and the event that tells of it are in one commit, so any number of replicas may run this: one tells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, exists, select, update

from services.routing.clock_tables import chases, reads
from services.routing.domain.tasks import ACCEPTED, AGENCY, CANCELLED, REQUESTED
from services.routing.due import RECALL_DAYS, due_in
from services.routing.tables import moves, tasks
from shared.clock import LONDON
from shared.contracts.envelope import REHEARSAL
from shared.contracts.routing import TaskDue, TaskOverdue
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.working_days import add_working_days, is_working_day, working_days_before

REMINDED, OVERDUE, ESCALATED = STAGES = ("reminded", "overdue", "escalated")
MORNING = 8
BATCH = 200


@dataclass(frozen=True)
class Debt:
    """Something that an agency owes. `owed` says of which tasks, `due_by` of which of them by the end of a working day."""

    what: str
    owed: ColumnElement[bool]
    due_by: Callable[[date], ColumnElement[bool]]
    due: Callable[[Any], date]


def _seen() -> ColumnElement[bool]:
    """Read, or touched in any way."""
    read = exists().where(reads.c.task_id == tasks.c.id)
    return read | exists().where(moves.c.task_id == tasks.c.id, moves.c.role == AGENCY)


def _recalled_by(day: date) -> ColumnElement[bool]:
    """What was recalled before a working day is due by it, since a day of recall does not count."""
    return tasks.c.changed_at < datetime.combine(day, time(), LONDON)


DEBTS = (
    Debt(
        "acknowledge",
        (tasks.c.state == REQUESTED) & ~_seen(),
        lambda day: tasks.c.acknowledge_by <= day,
        lambda task: task.acknowledge_by,
    ),
    Debt("decide", tasks.c.state == REQUESTED, lambda day: tasks.c.decide_by <= day, lambda task: task.decide_by),
    Debt("contact", tasks.c.state == ACCEPTED, lambda day: tasks.c.contact_by <= day, lambda task: task.contact_by),
    Debt(
        "recall",
        (tasks.c.state == CANCELLED) & tasks.c.recall_acknowledged_at.is_(None),
        _recalled_by,
        lambda task: add_working_days(task.changed_at.astimezone(LONDON).date(), RECALL_DAYS),
    ),
)
_COLUMNS = [tasks.c[name] for name in ("id", "referral_id", "reference", "agency", "changed_at")] + [
    tasks.c[name] for name in ("acknowledge_by", "decide_by", "contact_by")
]


def chase(store: Store) -> int:
    """Chases what is to be chased by now; answers how much that was. Nights and days off are left in peace."""
    now = store.resources.clock.now().astimezone(LONDON)
    today = now.date()
    if now.hour < MORNING or not is_working_day(today):
        return 0
    before = working_days_before(today, 1)
    limits = {
        REMINDED: lambda debt: debt.due_by(today) & ~debt.due_by(before),
        OVERDUE: lambda debt: debt.due_by(before),
        ESCALATED: lambda debt: debt.due_by(working_days_before(today, 2)),
    }
    chased = 0
    for debt in DEBTS:
        for stage in STAGES:
            query = _unchased(debt, stage).where(limits[stage](debt))
            while (found := _chase(store, query, debt, stage)) is not None:
                chased += found
    return chased


def note_read(store: Store, task_id: str) -> None:
    """The agency has seen its task; the first time counts."""
    with store.reading() as connection:
        if connection.execute(select(reads.c.task_id).where(reads.c.task_id == task_id)).first():
            return
    with store.writing() as transaction:
        transaction.execute(_insert(store, reads).values(task_id=task_id, at=transaction.now))
        unanswered = update(tasks).where(tasks.c.id == task_id, tasks.c.state == REQUESTED)
        transaction.execute(unanswered.values(due=due_in(REQUESTED, transaction.now)))


def _insert(store: Store, table: Table) -> Any:
    """An insert that leaves a row that is there as it is."""
    return store.database.insert(table).on_conflict_do_nothing()


def _unchased(debt: Debt, stage: str) -> Select[Any]:
    chased = exists().where(chases.c.task_id == tasks.c.id, chases.c.what == debt.what, chases.c.stage == stage)
    made_up = tasks.c.referral_id.startswith(REHEARSAL)
    return select(*_COLUMNS).where(debt.owed, ~chased, ~made_up).order_by(tasks.c.id).limit(BATCH)


def _chase(store: Store, query: Select[Any], debt: Debt, stage: str) -> int | None:
    """One batch; None when nothing is left. Looks before it asks for the right to write, since mostly there is nothing."""
    with store.reading() as connection:
        if connection.execute(query.limit(1)).first() is None:
            return None
    with store.writing() as transaction:
        # A task that is being moved at this moment is passed over: a minute later it owes something else.
        found = transaction.execute(query.with_for_update(skip_locked=True, of=tasks)).all()
        if not found:
            return None
        rows = [
            {"task_id": task.id, "what": debt.what, "stage": stage, "due": debt.due(task), "at": transaction.now}
            for task in found
        ]
        mine = set(transaction.execute(_insert(store, chases).values(rows).returning(chases.c.task_id)).scalars())
        for task, row in zip(found, rows, strict=True):
            if task.id in mine and stage != ESCALATED:
                _tell(transaction, task, debt.what, stage, row["due"])
        return len(mine)


def _tell(transaction: Transaction, task: Any, what: str, stage: str, due: date) -> None:
    data = {
        "referral_id": task.referral_id,
        "reference": task.reference,
        "agency": task.agency,
        "task_id": task.id,
        "what": what,
        "due": due,
    }
    schema = TaskDue if stage == REMINDED else TaskOverdue
    for audience in (None, task.agency):
        transaction.publish(schema, task.referral_id, data, audience=audience)
