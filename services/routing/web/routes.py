"""The agency's pages. A service that has them is an `InboxRoutes`."""

from typing import Any

from werkzeug.wrappers import Response

from services.routing.acting import NotAllowed
from services.routing.agency_tasks import show_task
from services.routing.capacity import capacity_of
from services.routing.disclosure import DisclosureProvider
from services.routing.export import export
from services.routing.once import OnceProvider
from services.routing.schemas import CapacitySchema
from services.routing.task_routes import READ, WRITE, say_capacity
from services.routing.web import lists, moves
from services.routing.web.family import family_of
from services.routing.web.staff import staff_of
from services.routing.web.task import about_task, needs, options
from services.routing.web.work import pictured
from services.routing.workload import workload
from shared.http.problems import Problem
from shared.http.request import Request
from shared.ids import new_id
from shared.messaging.runtime import StoreProvider
from shared.web.forms import Sheet, sheet_of, wrong_of
from shared.web.page import SeeOther, form_of, page, see
from shared.web.pages import Pages
from shared.web.people.person import Person

LIST, ROOM = "/tasks", "/capacity"
ERRORS = "task-errors"


class InboxRoutes:
    """Pages only: what they do stands in the modules beside this one, and in those of the API."""

    store = StoreProvider()
    once = OnceProvider()
    disclosure = DisclosureProvider()
    pages: Pages

    @page("GET", "/", scope=READ)
    def first_page(self, request: Request) -> Response:
        """Where everybody begins."""
        return see(LIST)

    @page("GET", LIST, scope=READ)
    def list_page(self, request: Request) -> Response:
        """The agency's tasks."""
        staff = staff_of(self.store, request.caller.owner)
        asked = lists.Asked.of(self.store, staff, _person(request), request.args)
        values = lists.shown(self.store, staff, request.caller.owner, asked, request.args)
        return self.pages.show(request, "tasks.html", **values)

    @page("GET", f"{LIST}.csv", scope=READ)
    def table_page(self, request: Request) -> Response:
        """What the list shows, all of it, for a spreadsheet."""
        staff = staff_of(self.store, request.caller.owner)
        asked = lists.Asked.of(self.store, staff, _person(request), request.args)
        return export(self.store, request.caller.owner, asked.wanted)

    @page("GET", "/workload", scope=READ)
    def workload_page(self, request: Request) -> Response:
        """The work as pictures and numbers."""
        load = workload(self.store, request.caller.owner)
        staff = staff_of(self.store, request.caller.owner)
        return self.pages.show(request, "workload.html", **pictured(load, staff, self.pages.catalogue))

    @page("GET", ROOM, scope=READ)
    def capacity_page(self, request: Request) -> Response:
        """Whether the agency has room."""
        return _room(self, request)

    @page("POST", ROOM, scope=WRITE)
    def take_capacity_page(self, request: Request) -> Response:
        """Says whether the agency has room."""
        form = form_of(request)
        document = {"state": form.text("/state"), "until": form.day("/until") or None}
        try:
            say_capacity(self.store, request.caller, moves.loaded(CapacitySchema(), document))
        except Problem as problem:
            if not problem.errors:
                raise
            sheet = Sheet(form.typed(), wrong_of(problem.errors, self.pages.catalogue, ERRORS))
            return _room(self, request, sheet, problem.status)
        return see(f"{ROOM}?done=yes")

    @page("GET", f"{LIST}/<task_id>", scope=READ)
    def task_page(self, request: Request, task_id: str) -> Response:
        """One task, with the family as it is disclosed at this moment; the look is on record."""
        task = show_task(self.store, request.caller.owner, task_id)
        family = family_of(self.disclosure, request.caller, task, needs(self.store.resources))
        return self.pages.show(request, "task.html", family=family, **_about(self, request, task))

    @page("GET", f"{LIST}/<task_id>/<action>", scope=WRITE)
    def action_page(self, request: Request, task_id: str, action: str) -> Response:
        """What is to be said with a move."""
        moves.schema_of(action)
        task = show_task(self.store, request.caller.owner, task_id)
        if action not in task["actions"]:
            raise SeeOther(f"{LIST}/{task_id}?changed=yes")
        return _form(self, request, task, action, sheet_of({"worker": task["worker"]}))

    @page("POST", f"{LIST}/<task_id>/<action>", scope=WRITE)
    def take_action_page(self, request: Request, task_id: str, action: str) -> Response:
        """Makes a move; what was said wrongly, or too late, is shown again, with nothing lost."""
        form, key = form_of(request), request.caller
        try:
            moves.make(self.store, self.once, key, task_id, action, form)
        except NotAllowed as refused:
            return _again(self, request, task_id, action, refused)
        except Problem as problem:
            if not problem.errors:
                raise
            return _again(self, request, task_id, action, problem)
        return see(f"{LIST}/{task_id}?done={action}")


def _room(service: InboxRoutes, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
    with service.store.reading() as connection:
        capacity = capacity_of(connection, service.store.resources, request.caller.owner)
    until = capacity.until and capacity.until.isoformat()
    words = service.pages.catalogue.section
    explained = words("task-capacities-explained")
    return service.pages.show(
        request,
        "capacity.html",
        status,
        sheet=sheet or sheet_of({"state": capacity.state, "until": until}, ["/until"] if until else []),
        capacity=capacity,
        options=[(code, label, explained[code]) for code, label in words("task-capacities").items()],
        done="done" in request.args and sheet is None,
    )


def _again(service: InboxRoutes, request: Request, task_id: str, action: str, problem: Problem) -> Response:
    """The form once more, its fields marked, or with what the task allows now."""
    task = show_task(service.store, request.caller.owner, task_id)
    sheet = Sheet(form_of(request).typed(), wrong_of(problem.errors, service.pages.catalogue, ERRORS))
    return _form(service, request, task, action, sheet, problem.status, "" if problem.errors else problem.code)


def _form(
    service: InboxRoutes,
    request: Request,
    task: dict[str, Any],
    action: str,
    sheet: Sheet,
    status: int = 200,
    refused: str = "",
) -> Response:
    values = _about(service, request, task)
    values |= {"action": action, "sheet": sheet, "refused": refused}
    values["options"] = options(service.pages.catalogue, task, action, values["staff"])
    return service.pages.show(request, "task_action.html", status, **values)


def _about(service: InboxRoutes, request: Request, task: dict[str, Any]) -> dict[str, Any]:
    staff = staff_of(service.store, request.caller.owner)
    values = about_task(task, staff, service.pages.today)
    me = staff.email(_person(request))
    taking = {"/worker": me} | ({"/instead_of": task["worker"]} if task["worker"] else {})
    return {**values, "me": me, "taking": taking, "form_key": new_id(), "arguments": request.args}


def _person(request: Request) -> Person:
    assert request.person is not None  # A page with a scope has admitted somebody.
    return request.person
