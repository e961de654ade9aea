"""The referrals service: its entry points, for referrers, for whoever has a tracking address, and for events."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals import answers, gauges, schemas, tables, traces, trying, watch
from services.referrals.access import INTERNAL, InnerAccess
from services.referrals.clockwork import do_what_is_due
from services.referrals.data_protection import KEPT, DataProtectionDesk
from services.referrals.disclosure import DisclosureQuery, disclosure
from services.referrals.following import FollowingRoutes
from services.referrals.front import FrontDesk
from services.referrals.handlers import HANDLERS
from services.referrals.recipients import Readers, recipients
from services.referrals.web import FOLDER
from services.referrals.web.follow.routes import FollowRoutes
from services.referrals.web.refer.routes import ReferRoutes
from shared.contracts.disclosure import Disclosed
from shared.directory.desk import LOOKS_EVERY_SECONDS, DirectoryDesk
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
from shared.web.static_routes import StaticRoutes

READ, WRITE = "referrals:read", "referrals:write"
READERS = Readers()
PACE = 0.1  # Seconds. What others say changes what is shown, and nobody waits for it; in company each event costs a fraction.


class ReferralsService(ReferRoutes, FollowingRoutes, FollowRoutes, StaticRoutes):
    """Referrals come in over HTTP and go out as events; what became of them comes back as events."""

    name = "referrals"
    metadata = tables.metadata

    store = StoreProvider()
    privacy = PrivacyDesk(KEPT)
    data_protection = DataProtectionDesk()
    inbox = InboxProvider(HANDLERS)
    relay = RelayProvider()
    front = FrontDesk()
    pages = PagesProvider(FOLDER)
    access = InnerAccess(find_key)
    management = Management()
    desk = Desk((*watch.ROUTES, *traces.ROUTES, *trying.ROUTES), gauges.look)
    directory = DirectoryDesk()

    @route(
        "POST",
        "/v1/referrals",
        scope=WRITE,
        summary="Refer a family, or ask for a consultation",
        body=schemas.NewReferral,
        returns={201: answers.Accepted},
        idempotent=True,
    )
    def create(self, request: Request) -> Response:
        return self.front.once.answer(request, lambda: self.front.intake.accept(request.json_body, request.caller))

    @route(
        "GET",
        "/v1/referrals",
        scope=READ,
        summary="Your referrals, the newest first",
        query=schemas.ReferralsQuery,
        returns={200: answers.ReferralPage},
        problems=[400],
    )
    def referrals(self, request: Request) -> dict[str, Any]:
        return self.front.reading.page(request.args, request.caller)

    @route(
        "GET",
        "/v1/referrals/<referral_id>",
        scope=READ,
        summary="A referral of yours, with receipts",
        returns={200: answers.Shown},
        problems=[404, 410],
    )
    def referral(self, request: Request, referral_id: str) -> dict[str, Any]:
        return self.front.reading.one(referral_id, request.caller)

    @route(
        "GET",
        "/v1/referrals/<referral_id>/timeline",
        scope=READ,
        summary="What happened to a referral of yours",
        returns={200: answers.Timeline},
        problems=[404],
    )
    def timeline(self, request: Request, referral_id: str) -> dict[str, Any]:
        return self.front.reading.timeline(referral_id, request.caller)

    @route(
        "POST",
        "/v1/referrals/<referral_id>/withdrawal",
        scope=WRITE,
        summary="Withdraw a referral: everything about it stops",
        body=schemas.Withdrawal,
        returns={200: answers.Changed},
        problems=[404, 409, 410],
        idempotent=True,
    )
    def withdraw(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(
            request, lambda: changes.withdrawal(request.json_body, referral_id, request.caller)
        )

    @route(
        "POST",
        "/v1/referrals/<referral_id>/consent",
        scope=WRITE,
        summary="Record the family's agreement, or that it was withdrawn",
        body=schemas.ConsentChange,
        returns={200: answers.Changed},
        problems=[404, 409, 410],
        idempotent=True,
    )
    def consent(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(request, lambda: changes.consent(request.json_body, referral_id, request.caller))

    @route(
        "POST",
        "/v1/referrals/<referral_id>/information",
        scope=WRITE,
        summary="Supply what was missing; the rules are applied again",
        body=schemas.Amendment,
        returns={200: answers.Changed},
        problems=[404, 409, 410],
        idempotent=True,
    )
    def information(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(
            request, lambda: changes.information(request.json_body, referral_id, request.caller)
        )

    @route(
        "POST",
        "/v1/referrals/<referral_id>/reopen",
        scope=WRITE,
        summary="Look anew at a referral that was closed or that nobody could take; its history is kept",
        body=schemas.Reopening,
        returns={200: answers.Changed},
        problems=[404, 409, 410],
        idempotent=True,
    )
    def reopen(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(request, lambda: changes.reopen(request.json_body, referral_id, request.caller))

    @route(
        "POST",
        "/v1/referrals/<referral_id>/entered-in-error",
        scope=WRITE,
        summary="Take back a referral that should never have been made; for good",
        body=schemas.EnteredInError,
        returns={200: answers.Changed},
        problems=[404, 409, 410],
        idempotent=True,
    )
    def entered_in_error(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(
            request, lambda: changes.entered_in_error(request.json_body, referral_id, request.caller)
        )

    @route(
        "POST",
        "/v1/eligibility-checks",
        public="an anonymous question, answered from published rules; nothing is stored",
        summary="Which agencies could take a family like this",
        body=schemas.EligibilityCheck,
        returns={200: answers.Checked},
    )
    def check(self, request: Request) -> dict[str, Any]:
        return self.front.check(request.json_body)

    @route("GET", "/v1/services", public="what the agencies publish themselves", summary="The agency directory")
    def services(self, request: Request) -> list[dict[str, Any]]:
        return self.front.services

    @route(
        "POST",
        "/internal/v1/recipients",
        scope=INTERNAL,
        body=Readers,
        returns={200: answers.Recipients},
    )
    def recipients(self, request: Request) -> dict[str, Any]:
        """Where messages to referrers and families may go; for the notifications service alone."""
        return {"recipients": recipients(self.store, request.load(READERS)["readers"])}

    @route(
        "GET",
        "/internal/v1/referrals/<referral_id>/disclosure",
        scope=INTERNAL,
        query=DisclosureQuery,
        returns={200: Disclosed},
        problems=[400, 404, 410],
    )
    def disclosure(self, request: Request, referral_id: str) -> dict[str, Any]:
        """What an agency with a task may see of the family now; for the routing service alone."""
        return disclosure(self.store, referral_id, request.args)

    @subscription(pace=PACE)
    def receive(self, bodies: list[bytes]) -> None:
        self.inbox.take(bodies)

    @timer(interval=LOOKS_EVERY_SECONDS)
    def take_up_directory(self) -> None:
        self.directory.look()

    @timer(interval=1)
    def retry(self) -> None:
        self.inbox.retry_due()

    @timer(interval=60)
    def look_at_the_clock(self) -> None:
        while do_what_is_due(self.store):
            pass

    @timer(interval=3600)
    def forget_first_answers(self) -> None:
        FirstAnswers(self.store).forget()
