"""What an agency does with a task: each move is one commit of state, history and events, and of what follows from it.

The referral's row is held while a move is made, so of two workers at once one wins; the other gets a 409 that says what
the task allows now. What ends a task is decided on at once: who is asked next, or that nothing is left to try.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, select

from services.routing.agency_tasks import find_task, in_full, where
from services.routing.deciding import decide_again
from services.routing.domain import Task, WrongMove, move
from services.routing.domain.tasks import (
    AGENCY,
    AWAITING_INFORMATION,
    CANCELLED,
    OPEN,
    REQUESTED,
    allowed,
    reasons_for,
)
from services.routing.due import due_in
from services.routing.memory import recall
from services.routing.notes import NOTE, WORKER, key_to_read, key_to_write, opened, worker_index
from services.routing.tables import tasks
from services.routing.tasking import Step, ask_referrer, move_task
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.messaging.transaction import Transaction

Said = Mapping[str, Any]


class NotAllowed(Problem):
    """A move that the task's state does not allow; `state`, `allowed` and `reasons` say what it does."""

    def __init__(self, row: RowMapping, code: str = "not-allowed-now") -> None:
        place = where(row)
        actions = allowed(place, AGENCY)
        now = f"Allowed now: {', '.join(actions)}." if actions else "Nothing can be done to it any more."
        super().__init__(409, code, f"The task is {row['state']}", now)
        reasons = {action: list(each) for action, each in reasons_for(place, AGENCY).items()}
        self._more = {"state": row["state"], "allowed": list(actions), "reasons": reasons}

    def body(self) -> dict[str, Any]:
        return super().body() | self._more


def act(transaction: Transaction, key: Key, task_id: str, action: str, said: Said) -> Any:
    """Makes the move that `said` asks for; answers the task in full. Raises problems: 404, 409."""
    referral_id = find_task(transaction.connection, key.owner, task_id)["referral_id"]
    facts_sequence = recall(transaction, referral_id).known.facts_sequence
    row = find_task(transaction.connection, key.owner, task_id)
    if said.get("expected_state", row["state"]) != row["state"]:
        raise NotAllowed(row, "state-changed")
    asks = action == "request-information"
    reason = AWAITING_INFORMATION if asks else said.get("reason")
    following = move(where(row), action, AGENCY, reason, row["held_from"])
    if isinstance(following, WrongMove):
        raise NotAllowed(row)
    more = _more(transaction, row, action, said, facts_sequence)
    note = key_to_write(transaction, task_id).seal(NOTE, said["note"]) if "note" in said else None
    if row["state"] == CANCELLED:
        reason = row["reason"]
    task = Task(task_id, row["agency"], row["state"])
    step = Step(action, following, AGENCY, f"key:{key.id}", reason, note)
    move_task(transaction, None, referral_id, task, step, **more)
    if asks:
        ask_referrer(transaction, None, referral_id, task)
    if row["state"] in OPEN and following not in OPEN:
        decide_again(transaction, referral_id)
    transaction.flush()
    return in_full(transaction.connection, transaction.resources.keyring, _again(transaction, task_id))


def _more(transaction: Transaction, row: RowMapping, action: str, said: Said, facts_sequence: int) -> dict[str, Any]:
    """The columns that this action sets beside the state."""
    if action == "request-information":
        return {"asked_sequence": facts_sequence, "items": list(dict.fromkeys(said["items"]))}
    if action == "acknowledge-recall":
        return {"recall_acknowledged_at": transaction.now, "due": None}
    # Whoever assigns a task, or writes to it, has seen it.
    seen = {"due": due_in(REQUESTED, transaction.now)} if row["state"] == REQUESTED else {}
    if action == "assign":
        return {**_assigned(transaction, row, said), **seen, "changed_at": transaction.now}
    return seen if action == "note" else {}


def _assigned(transaction: Transaction, row: RowMapping, said: Said) -> dict[str, Any]:
    """The worker, sealed, and the index to find the task by. Whoever takes a task from somebody has to name who that is."""
    key = key_to_read(transaction.connection, transaction.resources.keyring, row["id"])
    now = opened(key, WORKER, row["worker"])
    if now is not None and said.get("instead_of") != now and said["worker"] != now:
        raise NotAllowed(row, "assigned-to-another")
    worker = said["worker"]
    if worker is None:
        return {"worker": None, "worker_index": None}
    return {
        "worker": key_to_write(transaction, row["id"]).seal(WORKER, worker),
        "worker_index": worker_index(transaction.resources.keyring, row["agency"], worker),
    }


def _again(transaction: Transaction, task_id: str) -> RowMapping:
    return transaction.execute(select(tasks).where(tasks.c.id == task_id)).mappings().one()
