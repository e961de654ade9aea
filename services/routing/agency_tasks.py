"""An agency's own tasks, as it sees them. Another agency's are not found, as if there were none."""

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from services.routing.clockwork import note_read
from services.routing.domain.tasks import ACKNOWLEDGED, AGENCY, CANCELLED, allowed, reasons_for
from services.routing.due import owed
from services.routing.notes import NOTE, WORKER, key_to_read, opened
from services.routing.schemas import TaskInFullSchema, TaskSchema
from services.routing.tables import moves, tasks
from shared.http import problems
from shared.messaging.store import Store
from shared.privacy.keyring import Keyring

_IN_LIST, _IN_FULL = TaskSchema(), TaskInFullSchema()
LISTED = [column for column in tasks.c if column.name != "receipt"]


def shown_in_list(row: RowMapping, worker: str | None) -> Any:
    """A row of a list (`LISTED`), as JSON."""
    return _IN_LIST.dump(_shown(row, worker))


def show_task(store: Store, agency: str, task_id: str) -> Any:
    """One task of the agency; raises a 404 problem."""
    with store.reading() as connection:
        find_task(connection, agency, task_id)
    note_read(store, task_id)
    with store.reading() as connection:
        return in_full(connection, store.resources.keyring, find_task(connection, agency, task_id))


def find_task(connection: Connection, agency: str, task_id: str) -> RowMapping:
    """The row of an agency's own task; raises a 404 problem."""
    row = connection.execute(select(tasks).where(tasks.c.id == task_id, tasks.c.agency == agency)).mappings().first()
    if row is None:
        raise problems.not_found()
    return row


def in_full(connection: Connection, keyring: Keyring, row: RowMapping) -> Any:
    """All that the agency may see of its task, as JSON."""
    recalled = row["state"] == CANCELLED
    key = None if recalled else key_to_read(connection, keyring, row["id"])
    history = connection.execute(select(moves).where(moves.c.task_id == row["id"]).order_by(moves.c.id)).mappings()
    return _IN_FULL.dump(
        _shown(row, opened(key, WORKER, row["worker"]))
        | {
            "reasons": reasons_for(where(row), AGENCY),
            "moves": [{**move, "note": opened(key, NOTE, move["note"])} for move in history],
        }
    )


def where(row: RowMapping) -> str:
    """Where a task is in the table of moves."""
    return ACKNOWLEDGED if row["recall_acknowledged_at"] else str(row["state"])


def _shown(row: RowMapping, worker: str | None) -> dict[str, Any]:
    """After a recall the agency is to know no more of the family than that it must stop."""
    shown = {
        **row,
        **owed(row),
        "actions": allowed(where(row), AGENCY),
        "assigned": row["worker"] is not None,
        "worker": worker,
    }
    if row["state"] != CANCELLED:
        return shown
    return shown | {"children": [], "ages": [], "receipt": None, "worker": None}
