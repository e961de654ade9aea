"""Rehearsals on the management listener, for operations, and the report of what the agency did.

`POST /v1/rehearsals` begins one, `POST /v1/rehearsals/<id>/recall` sends the recall that comes later, and
`GET /v1/rehearsals/<id>` says for each step what was sent, what the agency called, and how to judge it.
"""

from collections import defaultdict
from typing import Any

from marshmallow import Schema, fields, validate
from nameko.extensions import DependencyProvider
from sqlalchemy import Connection, select

from services.routing.clock_tables import reads
from services.routing.domain.rehearsal import SENT, STEPS, Done, Refused, verdict
from services.routing.domain.tasks import AGENCY
from services.routing.rehearsal_tables import refusals
from services.routing.rehearsing import begin, recall_later, referral_of
from services.routing.tables import moves, tasks
from shared.http import problems
from shared.http.management import Management
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store

NAME = validate.Length(1, 80)


class RehearsalSchema(Schema):
    """Whom to rehearse, and who asks for it."""

    agency = fields.String(required=True, validate=NAME)
    actor = fields.String(required=True, validate=NAME)


class RehearsalDesk(DependencyProvider):
    """`rehearsals = RehearsalDesk()` on the service."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        store = runtime.store
        path = "/v1/rehearsals/<rehearsal_id>"
        self.management.add("POST", "/v1/rehearsals", lambda request: _begin(store, request))
        self.management.add("GET", path, lambda request, rehearsal_id: report(store, rehearsal_id))
        self.management.add(
            "POST", f"{path}/recall", lambda request, rehearsal_id: {"recalled": recall_later(store, rehearsal_id)}
        )

    def get_dependency(self, worker_ctx: Any) -> "RehearsalDesk":
        return self


def report(store: Store, rehearsal_id: str) -> dict[str, Any]:
    """Each step as it stands now, in the order of STEPS; raises a 404 problem."""
    ids = {referral_of(rehearsal_id, step): step for step in STEPS}
    with store.reading() as connection:
        found = connection.execute(select(tasks).where(tasks.c.referral_id.in_(ids))).all()
        if not found:
            raise problems.not_found()
        done = _done(connection, found)
    by_step = {ids[row.referral_id]: (row.id, done[row.id]) for row in found}
    return {"id": rehearsal_id, "agency": found[0].agency, "steps": [_shown(step, *by_step[step]) for step in STEPS]}


def _begin(store: Store, request: Request) -> dict[str, Any]:
    return {"id": begin(store, **request.load(RehearsalSchema()))}


def _done(connection: Connection, found: Any) -> dict[str, Done]:
    ids = [row.id for row in found]
    read = set(connection.execute(select(reads.c.task_id).where(reads.c.task_id.in_(ids))).scalars())
    moved, refused = defaultdict(list), defaultdict(list)
    ours = select(moves).where(moves.c.task_id.in_(ids), moves.c.role == AGENCY).order_by(moves.c.id)
    for row in connection.execute(ours):
        moved[row.task_id].append(row.action)
    for row in connection.execute(select(refusals).where(refusals.c.task_id.in_(ids)).order_by(refusals.c.id)):
        refused[row.task_id].append(Refused(row.action, row.state))
    return {row.id: Done(row.state, row.id in read, tuple(moved[row.id]), tuple(refused[row.id])) for row in found}


def _shown(step: str, task_id: str, done: Done) -> dict[str, Any]:
    well, said = verdict(step, done)
    return {
        "step": step,
        "task_id": task_id,
        "sent": SENT[step],
        "read": done.read,
        "did": list(done.moves),
        "refused": [each.action for each in done.refused],
        "well": well,
        "verdict": said,
    }
