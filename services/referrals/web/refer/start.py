"""The first page of all, and the page of services: the directory in plain words."""

from typing import Any

from werkzeug.wrappers import Response

from shared.http.request import Request
from shared.web.page import page


class StartRoutes:
    """Where people begin."""

    pages: Any
    front: Any

    @page("GET", "/", public="where people begin: it tells what this is, and asks nothing")
    def refer_start(self, request: Request) -> Response:
        """What this is, whom it is for, and the ways in."""
        return self.pages.show(request, "refer/start.html", services=self.front.services)

    @page("GET", "/services", public="what the agencies publish themselves")
    def refer_services_page(self, request: Request) -> Response:
        """Every service of the directory."""
        return self.pages.show(request, "refer/directory.html", services=self.front.services)
