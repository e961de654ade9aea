"""What agencies owe, recalls that nobody has confirmed, and messages that did not reach people, as pages.

A service that has them is a `WaitingPages`. Nothing is done here: what is put right is put right by telephone.
"""

from typing import Any

from werkzeug.wrappers import Response

from services.operations.desks import DesksProvider
from shared.http.request import Request
from shared.web.page import page
from shared.web.pages import Pages

MOST = 50
_STATUSES = ("failed", "pending")


class WaitingPages:
    """Two pages, each a question or two to a desk."""

    desks = DesksProvider()
    pages: Pages

    @page("GET", "/owed", scope="operations:read")
    def owed_page(self, request: Request) -> Response:
        """What is late at agencies, the longest due first, and the recalls that they have not confirmed."""
        overdue = self.desks.ask("routing", "GET", "/v1/overdue")
        asked = {"limit": MOST, **({"cursor": request.args["cursor"]} if request.args.get("cursor") else {})}
        recalls = self.desks.ask("routing", "GET", "/v1/recalls", params=asked)
        return self.pages.show(request, "owed.html", overdue=overdue, recalls=recalls, names=self._names())

    @page("GET", "/undelivered", scope="operations:read")
    def undelivered_page(self, request: Request) -> Response:
        """Messages that failed for good, or those that still wait; no address is known here."""
        status = request.args.get("status", "")
        status = status if status in _STATUSES else _STATUSES[0]
        asked = {"status": status, "limit": MOST}
        if request.args.get("cursor"):
            asked["cursor"] = request.args["cursor"]
        found = self.desks.ask("notifications", "GET", "/v1/deliveries", params=asked)
        return self.pages.show(
            request,
            "undelivered.html",
            items=found["items"],
            next=found["next"],
            status_shown=status,
            names=self._names(),
        )

    def _names(self) -> dict[str, Any]:
        """The agencies' names by their ids."""
        watch = self.desks.ask("routing", "GET", "/v1/watch")
        return {each["agency"]: each["name"] for each in watch["agencies"]}
