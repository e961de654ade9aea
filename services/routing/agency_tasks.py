"""An agency's own tasks, as it sees them. Another agency's are not found, as if there were none."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, select

from services.routing.domain.tasks import AGENCY, CANCELLED, STATES, allowed
from services.routing.schemas import TaskInFullSchema, TaskSchema
from services.routing.tables import tasks
from shared.http import problems
from shared.http.pages import as_page, read_page
from shared.messaging.store import Store

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
        query = select(tasks).where(tasks.c.id == task_id, tasks.c.agency == agency)
        row = connection.execute(query).mappings().first()
    if row is None:
        raise problems.not_found()
    return _IN_FULL.dump(_shown(row))


def _shown(row: RowMapping) -> dict[str, Any]:
    """After a recall the agency is to know no more of the family than that it must stop."""
    shown = {**row, "actions": allowed(row["state"], AGENCY)}
    return shown | {"children": [], "receipt": None} if row["state"] == CANCELLED else shown
