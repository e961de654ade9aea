"""What is paused, as a page: by whom, since when and why; pausing and resuming. A service that has it is a `PausePages`."""

from typing import Any
from urllib.parse import urlencode

from marshmallow import ValidationError
from werkzeug.wrappers import Response

from services.operations import pause_schemas, pauses
from services.operations.desks import WATCHED, DesksProvider
from services.operations.overview import LookoutProvider
from services.operations.pauses import HANDLING, Place
from services.operations.web.who import names_of
from shared.http.fields import field_errors
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.store import Store
from shared.web.forms import Form, Sheet, wrong_of
from shared.web.page import form_of, page, see
from shared.web.pages import Pages

READ, WRITE = "operations:read", "operations:write"


class PausePages:
    """One page; a form on it is checked by the schema of the API, and by the service that is to pause."""

    desks = DesksProvider()
    lookout = LookoutProvider()
    pages: Pages
    store: Store

    @page("GET", "/pauses", scope=READ)
    def pauses_page(self, request: Request) -> Response:
        return self._pauses(request, Sheet())

    @page("POST", "/pauses", scope=WRITE)
    def pause(self, request: Request) -> Response:
        form = form_of(request)
        asked = {"target": form.text("/target"), "reason": form.text("/reason")}
        try:
            loaded = pause_schemas.NewPause().load(asked)
        except ValidationError as error:
            return self._pauses(request, Sheet(form.typed(), wrong_of(field_errors(error), self.pages.catalogue)))
        try:
            pauses.pause(self.desks, request.caller.id, loaded["target"], loaded["reason"])
        except Problem as problem:
            if problem.status != 409:
                raise
            return self._pauses(request, _refused(form, problem))
        return see(f"/pauses?{urlencode({'paused': loaded['target']})}")

    @page("POST", "/pauses/end", scope=WRITE)
    def resume(self, request: Request) -> Response:
        target = form_of(request).text("/target")
        pauses.resume(self.desks, request.caller.id, target)
        return see(f"/pauses?{urlencode({'resumed': target})}")

    def _pauses(self, request: Request, sheet: Sheet) -> Response:
        agencies = self.lookout.lately()["agencies"]
        names = {each["agency"]: each["name"] for each in agencies}
        found = pauses.paused(self.desks)
        here = {item["target"] for item in found["items"]}
        services = [(name, self._thing(HANDLING, name, "")) for name in WATCHED]
        channels = [(target, self._thing(what, "", name)) for target, name, what in pauses.channels_of(agencies)]
        return self.pages.show(
            request,
            "pauses.html",
            422 if sheet.wrong else 200,
            sheet=sheet,
            items=[{**item, "thing": self._called(item["target"], names)} for item in found["items"]],
            silent=found["silent"],
            choices=[choice for choice in (*services, *channels) if choice[0] not in here],
            people=names_of(self.store),
            done=[
                (act, self._called(request.args[act], names)) for act in ("paused", "resumed") if act in request.args
            ],
        )

    def _called(self, target: str, names: dict[str, str]) -> str:
        """A target in words; the last thing done stands in the address, where anybody may have written anything."""
        try:
            place = Place.of(target)
        except Problem:
            return ""
        return self._thing(place.what, place.service, names.get(place.agency, place.agency))

    def _thing(self, what: str, service: str, agency: str) -> str:
        filled: dict[str, Any] = {
            "agency": agency,
            "service": self.pages.catalogue.section("services").get(service, ""),
        }
        return self.pages.catalogue.word("paused-things", what).format_map(filled)


def _refused(form: Form, problem: Problem) -> Sheet:
    """Somebody else was first, or the agency has no such channel."""
    return Sheet(form.typed(), {"/target": f"{problem.title}."})
