"""The runbook as a page. A service that has it is a `RunbookPages`."""

from werkzeug.wrappers import Response

from services.operations.web.runbook import runbook
from shared.http.request import Request
from shared.web.page import page
from shared.web.pages import Pages


class RunbookPages:
    """What to do about everything that the overview and the alarms name."""

    pages: Pages

    @page("GET", "/runbook", scope="operations:read")
    def runbook_page(self, request: Request) -> Response:
        return self.pages.show(request, "runbook.html", runbook=runbook())
