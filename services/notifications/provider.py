"""What nameko hands to the service: its sender, running beside it, and the deliveries on the management listener.

`GET /v1/deliveries?status=failed` lists what was never delivered, with the reason and no address.
"""

from datetime import datetime
from typing import Any

from nameko.extensions import DependencyProvider
from prometheus_client import Counter

from services.notifications import deliveries
from services.notifications.carriers.choice import carriers_for
from services.notifications.domain import FAILED, SENT, STATUSES, SUPPRESSED
from services.notifications.receipts import Receipts
from services.notifications.recipients import Recipients
from services.notifications.schemas import DeliverySchema
from services.notifications.sender import Sender
from services.notifications.templates import load_templates
from shared.http import problems
from shared.http.management import Management
from shared.http.pages import Page, as_page, read_page
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store


class ReceiptsProvider(DependencyProvider):
    """Gives the service what asks carriers for receipts."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.receipts = Receipts(runtime.store, carriers_for(runtime.resources.settings))

    def get_dependency(self, worker_ctx: Any) -> Receipts:
        return self.receipts


class SenderProvider(DependencyProvider):
    """Runs the service's sender; a setting or a template that cannot be used stops the start."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        carriers = carriers_for(runtime.resources.settings)
        recipients = Recipients(runtime.resources)
        ended = Counter(
            "waypost_notifications_total",
            "E-mails and texts by what became of them.",
            ["channel", "outcome"],
            registry=runtime.metrics.registry,
        )
        for carrier in carriers:
            for status in (SENT, FAILED, SUPPRESSED):
                ended.labels(carrier.channel, status)
        self.sender = Sender(
            runtime.store,
            carriers,
            recipients,
            load_templates(),
            count=lambda channel, status: ended.labels(channel, status).inc(),
        )
        self.management.add("GET", "/v1/deliveries", lambda request: list_deliveries(runtime.store, request))

    def start(self) -> None:
        self.container.spawn_managed_thread(self.sender.run, identifier="sender")

    def stop(self) -> None:
        self.sender.stop()

    def get_dependency(self, worker_ctx: Any) -> Sender:
        return self.sender


def list_deliveries(store: Store, request: Request) -> dict[str, Any]:
    """A page of deliveries of one status (`failed` unless told), the newest first."""
    status = request.args.get("status", FAILED)
    if status not in STATUSES:
        raise problems.bad_request("bad-status", "status cannot be used", f"Send one of {', '.join(STATUSES)}.")
    page = read_page(request.args, str, str)
    rows = deliveries.listed(store, status, page.limit + 1, _moment_and_id(page))
    show = DeliverySchema()
    return as_page(rows, page, lambda row: (row.created_at.isoformat(), row.id), show.dump)


def _moment_and_id(page: Page) -> tuple[datetime, str] | None:
    if page.after is None:
        return None
    moment, delivery_id = page.after
    try:
        return datetime.fromisoformat(str(moment)), str(delivery_id)
    except ValueError:
        detail = "Send the `next` of the page before."
        raise problems.bad_request("bad-cursor", "cursor cannot be used", detail) from None
