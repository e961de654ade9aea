"""The operations service: its entry points. Who acts is written to the audit of the service that is acted on."""

from typing import Any

from services.operations import schemas, tables
from services.operations.audit_routes import AuditRoutes
from services.operations.data_protection_routes import DataProtectionRoutes
from services.operations.desks import DesksProvider
from services.operations.directory_routes import DirectoryRoutes
from services.operations.directory_spread import spread
from services.operations.directory_trials import resume
from services.operations.parked_routes import ParkedRoutes
from services.operations.pause_routes import PauseRoutes
from services.operations.rehearsal_routes import RehearsalRoutes
from services.operations.review_routes import ReviewRoutes
from services.operations.trace_routes import TraceRoutes
from services.operations.web.audit_pages import AuditPages
from services.operations.web.console import ConsolePages
from services.operations.web.directory_pages import DirectoryPages
from services.operations.web.overview_pages import OverviewPages
from services.operations.web.parked_pages import ParkedPages
from services.operations.web.pause_pages import PausePages
from services.operations.web.reviews_pages import ReviewsPages
from services.operations.web.runbook_pages import RunbookPages
from services.operations.web.trace_pages import TracePages
from services.operations.web.waiting_pages import WaitingPages
from shared.directory.desk import LOOKS_EVERY_SECONDS as DIRECTORY_EVERY_SECONDS
from shared.directory.desk import DirectoryDesk
from shared.http.access import Access
from shared.http.management import Management
from shared.http.request import Request
from shared.http.route import route
from shared.http.stored_keys import find_key
from shared.messaging.runtime import StoreProvider
from shared.timer import timer
from shared.web.people.site import PeopleSite
from shared.web.static_routes import StaticRoutes

LOOKS_EVERY_SECONDS = 10


class OperationsService(
    OverviewPages,
    ParkedPages,
    WaitingPages,
    PausePages,
    RunbookPages,
    ReviewsPages,
    TracePages,
    DirectoryPages,
    AuditPages,
    ParkedRoutes,
    PauseRoutes,
    AuditRoutes,
    ReviewRoutes,
    TraceRoutes,
    DirectoryRoutes,
    RehearsalRoutes,
    DataProtectionRoutes,
    PeopleSite,
    StaticRoutes,
):
    """Queues and parked messages of every service; what waits for a person."""

    name = "operations"
    metadata = tables.metadata

    store = StoreProvider()
    desks = DesksProvider()
    access = Access(find_key)
    pages = ConsolePages()
    management = Management()
    directory = DirectoryDesk()

    @timer(interval=DIRECTORY_EVERY_SECONDS)
    def take_up_directory(self) -> None:
        self.directory.look()

    @timer(interval=LOOKS_EVERY_SECONDS)
    def bring_directory_to_all(self) -> None:
        """Who did not hear of the live one hears now; a trial that stands still goes on."""
        spread(self.store, self.desks)
        resume(self.store, self.desks)

    @timer(interval=LOOKS_EVERY_SECONDS)
    def look_around(self) -> None:
        self.lookout.sample()

    @route(
        "GET", "/v1/queues", scope="operations:read", summary="Where every message is", returns={200: schemas.Overview}
    )
    def queues(self, request: Request) -> dict[str, Any]:
        return self.lookout.look()

    @route(
        "GET",
        "/v1/overdue",
        scope="operations:read",
        summary="What agencies still owe, and what of it a person should ask after",
        returns={200: schemas.Overdue},
    )
    def overdue(self, request: Request) -> Any:
        return self.desks.ask("routing", "GET", "/v1/overdue")
