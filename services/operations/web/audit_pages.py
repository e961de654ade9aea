"""What people did, as a page: the newest first, of all services or of one. A service that has it is an `AuditPages`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from services.operations.audit_routes import AUDITED, audit_of
from services.operations.desks import DesksProvider
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.runtime import StoreProvider
from shared.web.page import page
from shared.web.pages import Pages

FILTER = ("actor", "action", "subject")
MOST = 50


class AuditPages:
    """One page, with a filter that stands in its address."""

    desks = DesksProvider()
    store = StoreProvider()
    pages: Pages

    @page("GET", "/audit", scope="operations:read")
    def audit_page(self, request: Request) -> Response:
        """Of all services the newest alone; of one, as far back as it goes."""
        service = request.args.get("service", "")
        one = service if service in AUDITED else ""
        wanted = {name: request.args[name].strip()[:80] for name in FILTER if request.args.get(name, "").strip()}
        items, following, silent = self._entries(one, wanted, request.args.get("cursor"))
        return self.pages.show(
            request,
            "audit.html",
            items=items,
            silent=silent,
            service_chosen=one,
            audited=AUDITED,
            wanted=wanted,
            query=urlencode(wanted),
            next=urlencode({"service": one, **wanted, "cursor": following}) if one and following else "",
            first=not request.args.get("cursor"),
        )

    def _entries(
        self, service: str, wanted: Mapping[str, str], cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None, list[str]]:
        """Entries with their service, the cursor of the next page, and the services that do not answer."""
        asked = {**wanted, "limit": str(MOST), **({"cursor": cursor} if service and cursor else {})}
        items, following, silent = [], None, []
        for name in [service] if service else AUDITED:
            try:
                found = audit_of(self.desks, self.store, name, asked)
            except Problem as problem:
                if problem.status < 500:
                    raise
                silent.append(name)
                continue
            following = found["next"]
            items += [{"service": name, **item, "at": str(item["at"])} for item in found["items"]]
        items.sort(key=lambda item: item["at"], reverse=True)
        return items[:MOST], following, silent
