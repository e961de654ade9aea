"""The runbook as pages. A service that has them is a `RunbookPages`."""

from werkzeug.wrappers import Response

from services.operations.web.runbook import runbook
from shared.http import problems
from shared.http.request import Request
from shared.web.page import page
from shared.web.pages import Pages


class RunbookPages:
    """What to do about everything that the overview and the alarms name."""

    pages: Pages

    @page("GET", "/runbook", scope="operations:read")
    def runbook_page(self, request: Request) -> Response:
        return self.pages.show(request, "runbook.html", sections=runbook())

    @page("GET", "/runbook/<section>", scope="operations:read")
    def runbook_section_page(self, request: Request, section: str) -> Response:
        found = runbook().get(section)
        if found is None:
            raise problems.not_found()
        return self.pages.show(request, "runbook_section.html", section=found)
