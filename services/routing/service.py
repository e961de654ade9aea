"""The routing service: its entry points, for events and for agencies."""

from pathlib import Path
from typing import Any

from werkzeug.wrappers import Response

from services.routing import gauges, tables, traces, watch
from services.routing.agency_tasks import show_task
from services.routing.disclosure import DisclosureProvider
from services.routing.export import export
from services.routing.feed import FeedProvider, answer_feed
from services.routing.handlers import HANDLERS
from services.routing.held import KEPT
from services.routing.listing import Wanted, list_tasks
from services.routing.overdue import ClockProvider
from services.routing.paused import CHANNELS
from services.routing.rehearsals import RehearsalDesk
from services.routing.reviews import ReviewDesk
from services.routing.schemas import (
    EventsPageSchema,
    EventsQuerySchema,
    TaskInFullSchema,
    TasksPageSchema,
    TasksQuerySchema,
    TasksTableQuerySchema,
    WorkloadSchema,
)
from services.routing.task_routes import TaskRoutes
from services.routing.web.routes import InboxRoutes
from services.routing.webhooks.routes import WebhookRoutes
from services.routing.workload import workload
from shared.contracts.disclosure import Disclosed
from shared.contracts.referrals import ReferralSubmitted
from shared.directory.desk import LOOKS_EVERY_SECONDS, DirectoryDesk
from shared.http.access import Access
from shared.http.first_answers import FirstAnswers
from shared.http.management import Management
from shared.http.request import Request
from shared.http.route import route
from shared.http.stored_keys import find_key
from shared.messaging.desk import Desk
from shared.messaging.runtime import InboxProvider, RelayProvider, StoreProvider
from shared.messaging.subscription import subscription
from shared.privacy.desk import PrivacyDesk
from shared.timer import timer
from shared.web.pages import PagesProvider
from shared.web.people.site import PeopleSite
from shared.web.static_routes import StaticRoutes


class RoutingService(TaskRoutes, InboxRoutes, WebhookRoutes, PeopleSite, StaticRoutes):
    """Events come in, tasks come to be; agencies hear of them and read them."""

    name = "routing"
    metadata = tables.metadata

    store = StoreProvider()
    privacy = PrivacyDesk(KEPT)
    inbox = InboxProvider(HANDLERS)
    relay = RelayProvider()
    feed = FeedProvider()
    disclosure = DisclosureProvider()
    access = Access(find_key)
    pages = PagesProvider(Path(__file__).parent / "web")
    management = Management()
    desk = Desk((*watch.ROUTES, *traces.ROUTES), gauges.look, CHANNELS)
    directory = DirectoryDesk()
    reviews = ReviewDesk()
    rehearsals = RehearsalDesk()
    clock = ClockProvider()

    @subscription(followed=(ReferralSubmitted,))
    def receive(self, bodies: list[bytes]) -> None:
        self.inbox.take(bodies)

    @timer(interval=LOOKS_EVERY_SECONDS)
    def take_up_directory(self) -> None:
        self.directory.look()

    @timer(interval=1)
    def retry(self) -> None:
        self.inbox.retry_due()

    @timer(interval=60)
    def ask_for_what_is_due(self) -> None:
        self.clock.chase()

    @timer(interval=3600)
    def forget_first_answers(self) -> None:
        FirstAnswers(self.store).forget()

    @route(
        "GET",
        "/v1/events",
        scope="events:read",
        query=EventsQuerySchema,
        returns={200: EventsPageSchema},
        problems=[400, 503],
    )
    def events(self, request: Request) -> Response:
        """What the agency hears, from a cursor on; `wait` holds the answer until there is something."""
        return answer_feed(self.feed, request)

    @route(
        "GET", "/v1/tasks", scope="tasks:read", query=TasksQuerySchema, returns={200: TasksPageSchema}, problems=[400]
    )
    def tasks(self, request: Request) -> dict[str, Any]:
        """The agency's tasks: which, and in which order, as the query says; the newest first unless told."""
        return list_tasks(self.store, request.caller.owner, request.args)

    @route("GET", "/v1/tasks.csv", scope="tasks:read", query=TasksTableQuerySchema, returns={200: None}, problems=[400])
    def tasks_table(self, request: Request) -> Response:
        """The same tasks, all of them, as a table for spreadsheets (CSV), without anything of a family."""
        return export(self.store, request.caller.owner, Wanted.of(request.args))

    @route("GET", "/v1/workload", scope="tasks:read", returns={200: WorkloadSchema})
    def workload(self, request: Request) -> Any:
        """The agency's work as numbers, now and over the last twelve months."""
        return WorkloadSchema().dump(workload(self.store, request.caller.owner))

    @route("GET", "/v1/tasks/<task_id>", scope="tasks:read", returns={200: TaskInFullSchema}, problems=[404])
    def task(self, request: Request, task_id: str) -> dict[str, Any]:
        """One task, with the receipt that says why it came."""
        return show_task(self.store, request.caller.owner, task_id)

    @route(
        "GET",
        "/v1/tasks/<task_id>/referral",
        scope="tasks:read",
        returns={200: Disclosed},
        problems=[404, 410, 503],
    )
    def referral(self, request: Request, task_id: str) -> Response:
        """The family behind an open task, as far as consent goes at this moment; every look is recorded."""
        return self.disclosure.look(request.caller, task_id)
