"""The operations service: its entry points. Who acts is written to the audit table of the service that is acted on."""

from pathlib import Path
from typing import Any

from services.operations import schemas, tables
from services.operations.desks import WATCHED, DesksProvider
from services.operations.domain import overview
from services.operations.rehearsal_routes import RehearsalRoutes
from services.operations.review_routes import ReviewRoutes
from shared.http.access import Access
from shared.http.management import Management
from shared.http.request import Request
from shared.http.route import route
from shared.http.stored_keys import find_key
from shared.messaging.runtime import StoreProvider
from shared.web.pages import PagesProvider
from shared.web.people.site import PeopleSite
from shared.web.static_routes import StaticRoutes


class OperationsService(ReviewRoutes, RehearsalRoutes, PeopleSite, StaticRoutes):
    """Queues and parked messages of every service; what waits for a person."""

    name = "operations"
    metadata = tables.metadata

    store = StoreProvider()
    desks = DesksProvider()
    access = Access(find_key)
    pages = PagesProvider(Path(__file__).parent / "web")
    management = Management()

    @route(
        "GET", "/v1/queues", scope="operations:read", summary="Where every message is", returns={200: schemas.Overview}
    )
    def queues(self, request: Request) -> dict[str, Any]:
        return overview(self.desks.backlogs())

    @route(
        "GET",
        "/v1/overdue",
        scope="operations:read",
        summary="What agencies still owe, and what of it a person should ask after",
        returns={200: schemas.Overdue},
    )
    def overdue(self, request: Request) -> Any:
        return self.desks.ask("routing", "GET", "/v1/overdue")

    @route(
        "GET",
        "/v1/parked/groups",
        scope="operations:read",
        summary="Parked messages by what went wrong",
        returns={200: schemas.Groups},
    )
    def groups(self, request: Request) -> dict[str, Any]:
        found = [
            {"service": service, **group}
            for service in WATCHED
            for group in self.desks.ask(service, "GET", "/v1/parked/groups")["groups"]
        ]
        return {"groups": found}

    @route(
        "GET",
        "/v1/parked",
        scope="operations:read",
        summary="A service's parked messages",
        query=schemas.ParkedQuery,
        returns={200: schemas.ParkedPage},
        problems=[404, 422],
    )
    def parked(self, request: Request) -> Any:
        asked = request.load_query(schemas.ParkedQuery())
        return self.desks.ask(asked.pop("service"), "GET", "/v1/parked", params=asked)

    @route(
        "POST",
        "/v1/parked/retry",
        scope="operations:write",
        summary="Try parked messages again",
        body=schemas.Retry,
        returns={200: schemas.Done},
        problems=[404, 422],
    )
    def retry(self, request: Request) -> Any:
        return self._act("/v1/parked/retry", request, request.load(schemas.Retry()))

    @route(
        "POST",
        "/v1/parked/discard",
        scope="operations:write",
        summary="Give parked messages up, with a reason",
        body=schemas.Discard,
        returns={200: schemas.Done},
        problems=[404, 422],
    )
    def discard(self, request: Request) -> Any:
        return self._act("/v1/parked/discard", request, request.load(schemas.Discard()))

    def _act(self, path: str, request: Request, asked: dict[str, Any]) -> Any:
        return self.desks.ask(asked.pop("service"), "POST", path, json={**asked, "actor": f"key:{request.caller.id}"})
