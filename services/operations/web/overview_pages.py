"""The first page: is anything wrong? A service that has it is an `OverviewPages`."""

from typing import Any

from werkzeug.wrappers import Response

from services.operations.domain import worst
from services.operations.overview import LookoutProvider
from services.operations.web.telling import told
from services.operations.web.who import names_of
from shared.http.request import Request
from shared.messaging.store import Store
from shared.web.page import page


class OverviewPages:
    """The overview, and the part of it that renews itself."""

    lookout = LookoutProvider()
    pages: Any
    store: Store

    @page("GET", "/", scope="operations:read")
    def overview_page(self, request: Request) -> Response:
        return self._overview(request, "overview.html")

    @page("GET", "/overview/live", scope="operations:read")
    def overview_live(self, request: Request) -> Response:
        """The same without what surrounds it, for a page that is open."""
        return self._overview(request, "_overview.html")

    def _overview(self, request: Request, template: str) -> Response:
        seen = self.lookout.lately()
        agencies = {each["agency"]: each["name"] for each in seen["agencies"]}
        people = names_of(self.store) if any(each["by"] for each in seen["concerns"]) else {}
        concerns = [told(each, self.pages.catalogue, agencies, people) for each in seen["concerns"]]
        return self.pages.show(request, template, seen=seen, state=worst(seen["concerns"]), concerns=concerns)
