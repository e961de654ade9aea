"""The routes by which an agency acts on its tasks and says whether it has room. A service that has them is a `TaskRoutes`."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from werkzeug.wrappers import Response

from services.routing import schemas
from services.routing.acting import act
from services.routing.capacity import Capacity, capacity_of, set_capacity
from services.routing.once import OnceProvider
from services.routing.rehearsing import refusals_noted
from services.routing.waiting import decide_waiting
from shared.clock import london_date
from shared.http import problems
from shared.http.keys import Key
from shared.http.request import Request
from shared.http.route import route
from shared.messaging.runtime import StoreProvider
from shared.messaging.store import Store
from shared.timer import timer

READ, WRITE = "tasks:read", "tasks:write"
_ANSWERS: dict[str, Any] = {
    "returns": {200: schemas.TaskInFullSchema},
    "problems": [404, 409],
    "idempotent": True,
    "scope": WRITE,
}


_MAY_BE_EMPTY = (schemas.AcknowledgeSchema, schemas.ActSchema)


class TaskRoutes:
    """Routes only: what they do stands in `acting`, `capacity` and `waiting`."""

    store = StoreProvider()
    once = OnceProvider()

    @route("POST", "/v1/tasks/<task_id>/accept", body=schemas.ActSchema, **_ANSWERS)
    def accept(self, request: Request, task_id: str) -> Response:
        """The agency takes the referral."""
        return self._act(request, task_id, "accept", schemas.ActSchema())

    @route("POST", "/v1/tasks/<task_id>/reject", body=schemas.RejectSchema, **_ANSWERS)
    def reject(self, request: Request, task_id: str) -> Response:
        """The agency cannot take the referral; the next one is asked, or a person decides."""
        return self._act(request, task_id, "reject", schemas.RejectSchema())

    @route("POST", "/v1/tasks/<task_id>/hold", body=schemas.HoldSchema, **_ANSWERS)
    def hold(self, request: Request, task_id: str) -> Response:
        """The task waits, and is not late while it does."""
        return self._act(request, task_id, "hold", schemas.HoldSchema())

    @route("POST", "/v1/tasks/<task_id>/resume", body=schemas.ActSchema, **_ANSWERS)
    def resume(self, request: Request, task_id: str) -> Response:
        """The task goes on where it was."""
        return self._act(request, task_id, "resume", schemas.ActSchema())

    @route("POST", "/v1/tasks/<task_id>/start", body=schemas.ActSchema, **_ANSWERS)
    def start(self, request: Request, task_id: str) -> Response:
        """The agency's work with the family begins."""
        return self._act(request, task_id, "start", schemas.ActSchema())

    @route("POST", "/v1/tasks/<task_id>/complete", body=schemas.CompleteSchema, **_ANSWERS)
    def complete(self, request: Request, task_id: str) -> Response:
        """The agency has helped."""
        return self._act(request, task_id, "complete", schemas.CompleteSchema())

    @route("POST", "/v1/tasks/<task_id>/fail", body=schemas.FailSchema, **_ANSWERS)
    def fail(self, request: Request, task_id: str) -> Response:
        """The work ended without help."""
        return self._act(request, task_id, "fail", schemas.FailSchema())

    @route("POST", "/v1/tasks/<task_id>/request-information", body=schemas.RequestInformationSchema, **_ANSWERS)
    def request_information(self, request: Request, task_id: str) -> Response:
        """The referrer is asked; the task waits, and goes on where it was when the answer comes."""
        return self._act(request, task_id, "request-information", schemas.RequestInformationSchema())

    @route("POST", "/v1/tasks/<task_id>/assign", body=schemas.AssignSchema, **_ANSWERS)
    def assign(self, request: Request, task_id: str) -> Response:
        """Somebody works on the task from now on."""
        return self._act(request, task_id, "assign", schemas.AssignSchema())

    @route("POST", "/v1/tasks/<task_id>/note", body=schemas.NoteSchema, **_ANSWERS)
    def note(self, request: Request, task_id: str) -> Response:
        """A note at the task, which only the agency itself is shown."""
        return self._act(request, task_id, "note", schemas.NoteSchema())

    @route("POST", "/v1/tasks/<task_id>/acknowledge-recall", body=schemas.AcknowledgeSchema, **_ANSWERS)
    def acknowledge_recall(self, request: Request, task_id: str) -> Response:
        """The agency has stopped, and destroyed what it held about the family."""
        return self._act(request, task_id, "acknowledge-recall", schemas.AcknowledgeSchema())

    @route("GET", "/v1/capacity", scope=READ, returns={200: schemas.CapacitySchema})
    def capacity(self, request: Request) -> Any:
        """Whether the agency has room, as it holds today."""
        with self.store.reading() as connection:
            return _shown(capacity_of(connection, self.store.resources, request.caller.owner))

    @route("PUT", "/v1/capacity", scope=WRITE, body=schemas.CapacitySchema, returns={200: schemas.CapacitySchema})
    def set_capacity(self, request: Request) -> Any:
        """Says whether the agency has room. Referrals that wait for room alone are decided again when one opens."""
        return _shown(say_capacity(self.store, request.caller, request.load(schemas.CapacitySchema())))

    @timer(interval=5)
    def decide_for_room(self) -> None:
        decide_waiting(self.store)

    def _act(self, request: Request, task_id: str, action: str, schema: Schema) -> Response:
        said = request.load(schema) if request.body or type(schema) not in _MAY_BE_EMPTY else {}
        key = request.caller
        with refusals_noted(self.store, key.owner, task_id, action):
            return self.once.answer(request, lambda transaction: act(transaction, key, task_id, action, said))


def say_capacity(store: Store, key: Key, said: Mapping[str, Any]) -> Capacity:
    """What the agency says of its room, as `CapacitySchema` loaded it; raises a 422 problem for a day that is over."""
    capacity = Capacity(**said)
    if capacity.until is not None and capacity.until < london_date(store.resources.clock.now()):
        raise problems.invalid([problems.FieldError("/until", "in-the-past", "Name today or a later day.")])
    with store.writing() as transaction:
        set_capacity(transaction, key.owner, capacity, f"key:{key.id}")
    return capacity


def _shown(capacity: Capacity) -> Any:
    return schemas.CapacitySchema().dump(vars(capacity))
