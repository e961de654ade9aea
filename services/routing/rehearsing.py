"""Made-up referrals for one agency to be rehearsed with: a referral for each of `STEPS`, sent as badly as a network might.

The referral's id (`rehearsal-<rehearsal>-<step>`) is the mark. Nobody but the agency hears of it, no family can be asked
for, no other agency is asked instead, and no clock chases it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update

from services.routing.acting import NotAllowed
from services.routing.domain import Known, Outcome, Task
from services.routing.domain.knowledge import ELIGIBLE
from services.routing.domain.rehearsal import DELAY_SECONDS, DUPLICATE, LATE, RECALLED, REORDERED, STEPS
from services.routing.domain.tasks import WITHDRAWN
from services.routing.memory import Memory, recall, remember
from services.routing.rehearsal_tables import refusals
from services.routing.tables import metadata, tasks
from services.routing.tasking import cancel_task, request_task
from shared.audit.record import record
from shared.contracts.envelope import REHEARSAL, is_rehearsal
from shared.http import problems
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.references import new_reference

_AS_SENT = ("event_id", "type", "sequence", "body")


def referral_of(rehearsal_id: str, step: str) -> str:
    """The id of the referral of one step."""
    return f"{REHEARSAL}{rehearsal_id}-{step}"


def begin(store: Store, agency: str, actor: str) -> str:
    """Sends the agency all steps, save the recall that comes later; answers the rehearsal's id. Raises a 404 problem."""
    if agency not in {each.id for each in store.resources.directory.agencies}:
        raise problems.not_found("There is no agency of that id in the directory.")
    rehearsal_id = new_id()
    with store.writing() as transaction:
        for step in STEPS:
            _request(transaction, referral_of(rehearsal_id, step), agency)
        _send_again(transaction, referral_of(rehearsal_id, DUPLICATE), times=2)
        _send_late(transaction, referral_of(rehearsal_id, LATE))
        _cancel(transaction, referral_of(rehearsal_id, REORDERED))
        _swap(transaction, referral_of(rehearsal_id, REORDERED))
        record(transaction, actor, "rehearsal.begin", rehearsal_id, agency)
    return rehearsal_id


def recall_later(store: Store, rehearsal_id: str) -> bool:
    """Recalls the task of the step that is for it; False when it is not open any more. Raises a 404 problem."""
    with store.writing() as transaction:
        return _cancel(transaction, referral_of(rehearsal_id, RECALLED))


@contextmanager
def refusals_noted(store: Store, agency: str, task_id: str, action: str) -> Iterator[None]:
    """Keeps that the agency tried what its task does not allow, where the task is made up."""
    try:
        yield
    except NotAllowed as refused:
        _note_refusal(store, agency, task_id, action, refused)
        raise


def _note_refusal(store: Store, agency: str, task_id: str, action: str, refused: NotAllowed) -> None:
    if refused.code != "not-allowed-now":
        return
    with store.reading() as connection:
        query = select(tasks.c.referral_id, tasks.c.state).where(tasks.c.id == task_id, tasks.c.agency == agency)
        task = connection.execute(query).one()
    if not is_rehearsal(task.referral_id):
        return
    with store.writing() as transaction:
        transaction.insert(refusals, task_id=task_id, at=transaction.now, action=action, state=task.state)


def _request(transaction: Transaction, referral_id: str, agency: str) -> None:
    # Its facts have no sequence, so routing never takes them for complete and decides nothing, whatever the agency answers.
    outcome = Outcome(agency, ELIGIBLE, children=(new_id(),), receipt={"rehearsal": True})
    known = Known(
        reference=new_reference(),
        kind="family-support",
        chosen=(agency,),
        scope=frozenset((agency,)),
        outcomes=(outcome,),
    )
    remember(transaction, referral_id, known, None, Memory(Known(), None, (), stored=False))
    request_task(transaction, None, referral_id, known, agency)


def _cancel(transaction: Transaction, referral_id: str) -> bool:
    if not recall(transaction, referral_id).stored:
        raise problems.not_found()
    row = transaction.execute(select(tasks).where(tasks.c.referral_id == referral_id)).one()
    task = Task(row.id, row.agency, row.state)
    if not task.is_open:
        return False
    cancel_task(transaction, None, referral_id, task, WITHDRAWN)
    return True


def _send_again(transaction: Transaction, referral_id: str, times: int) -> None:
    outbox = metadata.tables["outbox"]
    (row,) = transaction.execute(select(outbox).where(outbox.c.subject == referral_id)).mappings().all()
    names = (*_AS_SENT, "subject", "audience", "written_at", "due_at")
    for _ in range(times):
        transaction.insert(outbox, **{name: row[name] for name in names})


def _send_late(transaction: Transaction, referral_id: str) -> None:
    outbox = metadata.tables["outbox"]
    due_at = transaction.now + timedelta(seconds=DELAY_SECONDS)
    transaction.execute(update(outbox).where(outbox.c.subject == referral_id).values(due_at=due_at))


def _swap(transaction: Transaction, referral_id: str) -> None:
    """What was written second is sent first."""
    outbox = metadata.tables["outbox"]
    query = select(outbox).where(outbox.c.subject == referral_id).order_by(outbox.c.id)
    first, second = transaction.execute(query).mappings().all()
    for row, other in ((first, second), (second, first)):
        changed = {name: other[name] for name in _AS_SENT}
        transaction.execute(update(outbox).where(outbox.c.id == row["id"]).values(**changed))
