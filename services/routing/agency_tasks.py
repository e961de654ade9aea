"""An agency's own tasks, as it sees them. Another agency's are not found, as if there were none."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from services.routing.clockwork import note_read
from services.routing.domain.tasks import ACKNOWLEDGED, AGENCY, CANCELLED, STATES, allowed, reasons_for
from services.routing.notes import NOTE, WORKER, key_to_read, opened
from services.routing.schemas import TaskInFullSchema, TaskSchema
from services.routing.tables import moves, tasks
from shared.http import problems
from shared.http.pages import as_page, read_page
from shared.messaging.store import Store
from shared.privacy.keyring import Keyring

_IN_LIST, _IN_FULL = TaskSchema(), TaskInFullSchema()
_LISTED = [column for column in tasks.c if column.name != "receipt"]


def list_tasks(store: Store, agency: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    """A page of the agency's tasks, the newest first, of one `state` where it is given."""
    page = read_page(arguments, str)
    query = select(*_LISTED).where(tasks.c.agency == agency).order_by(tasks.c.id.desc()).limit(page.limit + 1)
    state = arguments.get("state")
    if state is not None:
        if state not in STATES:
            raise problems.bad_request("bad-state", "state cannot be used", f"Send one of {', '.join(STATES)}.")
        query = query.where(tasks.c.state == state)
    if page.after:
        query = query.where(tasks.c.id < page.after[0])
    with store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return as_page(rows, page, lambda row: (row["id"],), lambda row: _IN_LIST.dump(_shown(row)))


def show_task(store: Store, agency: str, task_id: str) -> Any:
    """One task of the agency; raises a 404 problem."""
    with store.reading() as connection:
        shown = in_full(connection, store.resources.keyring, find_task(connection, agency, task_id))
    note_read(store, task_id)
    return shown


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
        _shown(row)
        | {
            "reasons": reasons_for(where(row), AGENCY),
            "worker": opened(key, WORKER, row["worker"]),
            "moves": [{**move, "note": opened(key, NOTE, move["note"])} for move in history],
        }
    )


def where(row: RowMapping) -> str:
    """Where a task is in the table of moves."""
    return ACKNOWLEDGED if row["recall_acknowledged_at"] else str(row["state"])


def _shown(row: RowMapping) -> dict[str, Any]:
    """After a recall the agency is to know no more of the family than that it must stop."""
    shown = {**row, "actions": allowed(where(row), AGENCY), "assigned": row["worker"] is not None}
    return shown | {"children": [], "receipt": None} if row["state"] == CANCELLED else shown
