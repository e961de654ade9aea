"""What people did at each service, over the API. A service that has it is an `AuditRoutes`."""

from collections.abc import Mapping
from typing import Any

from services.operations import schemas
from services.operations.desks import WATCHED, Desks, DesksProvider
from shared.audit.desk import audit_page
from shared.http import problems
from shared.http.request import Request
from shared.http.route import route
from shared.messaging.runtime import StoreProvider
from shared.messaging.store import Store

OWN = "operations"
AUDITED = (*WATCHED, OWN)


class AuditRoutes:
    """Each service keeps the audit of what was done to its data; this one, of its people and keys."""

    desks = DesksProvider()
    store = StoreProvider()

    @route(
        "GET",
        "/v1/audit",
        scope="operations:read",
        summary="What people did at a service, the newest first",
        query=schemas.AuditQuery,
        returns={200: schemas.Page},
        problems=[400, 404],
    )
    def audit(self, request: Request) -> Any:
        asked = request.load_query(schemas.AuditQuery())
        return audit_of(self.desks, self.store, asked.pop("service"), asked)


def audit_of(desks: Desks, store: Store, service: str, asked: Mapping[str, Any]) -> Any:
    """A page of one service's audit; this service's own is asked for no way round."""
    if service not in AUDITED:
        raise problems.not_found(f"There is no service of that name. There are: {', '.join(AUDITED)}.")
    return audit_page(store, asked) if service == OWN else desks.ask(service, "GET", "/v1/audit", params=asked)
