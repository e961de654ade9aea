"""The routes by which an agency manages its webhooks. A service that has them is a `WebhookRoutes`, and has a `store`."""

from typing import Any

from services.routing.webhooks import answers
from services.routing.webhooks.provider import WebhooksProvider
from services.routing.webhooks.schemas import (
    DeliveriesPageSchema,
    DeliveriesQuerySchema,
    NewWebhookSchema,
    ReplaySchema,
    TestedSchema,
    WebhookSchema,
    WebhooksSchema,
    WebhookWithSecretSchema,
)
from shared.http.request import Request
from shared.http.route import route

SCOPE = "tasks:write"
_ONE = "/v1/webhooks/<webhook_id>"


class WebhookRoutes:
    """Routes only: what they do stands in `answers`."""

    webhooks = WebhooksProvider()

    @route(
        "POST",
        "/v1/webhooks",
        scope=SCOPE,
        body=NewWebhookSchema,
        returns={201: WebhookWithSecretSchema},
        problems=[409],
    )
    def create_webhook(self, request: Request) -> tuple[int, Any, Any]:
        """A new webhook. The secret is shown this once."""
        return answers.create(self.webhooks, request)

    @route("GET", "/v1/webhooks", scope=SCOPE, returns={200: WebhooksSchema})
    def list_webhooks(self, request: Request) -> Any:
        """The agency's webhooks, and how each does."""
        return answers.listed(self.webhooks, request)

    @route("GET", _ONE, scope=SCOPE, returns={200: WebhookSchema}, problems=[404])
    def show_webhook(self, request: Request, webhook_id: str) -> Any:
        """One webhook, and how it does."""
        return answers.shown(self.webhooks, request, webhook_id)

    @route("DELETE", _ONE, scope=SCOPE, returns={204: None}, problems=[404])
    def delete_webhook(self, request: Request, webhook_id: str) -> None:
        """Nothing is sent any more; the feed still has every event."""
        answers.remove(self.webhooks, request, webhook_id)

    @route("POST", f"{_ONE}/rotate", scope=SCOPE, returns={200: WebhookWithSecretSchema}, problems=[404])
    def rotate_webhook(self, request: Request, webhook_id: str) -> Any:
        """A new secret, shown this once. For 24 hours the old one signs beside it."""
        return answers.rotate(self.webhooks, request, webhook_id)

    @route("POST", f"{_ONE}/test", scope=SCOPE, returns={200: TestedSchema}, problems=[404, 409])
    def try_webhook(self, request: Request, webhook_id: str) -> Any:
        """Sends an event that says nothing, once, and tells what came of it."""
        return answers.test(self.webhooks, request, webhook_id)

    @route("POST", f"{_ONE}/enable", scope=SCOPE, returns={200: WebhookSchema}, problems=[404])
    def enable_webhook(self, request: Request, webhook_id: str) -> Any:
        """Switches on again what a 410 switched off, and tries at once what waits."""
        return answers.enable(self.webhooks, request, webhook_id)

    @route("POST", f"{_ONE}/replay", scope=SCOPE, body=ReplaySchema, returns={200: WebhookSchema}, problems=[404, 409])
    def replay_webhook(self, request: Request, webhook_id: str) -> Any:
        """Sends again every event that follows a cursor of the feed."""
        return answers.replay(self.webhooks, request, webhook_id)

    @route(
        "GET",
        f"{_ONE}/deliveries",
        scope=SCOPE,
        query=DeliveriesQuerySchema,
        returns={200: DeliveriesPageSchema},
        problems=[400, 404],
    )
    def webhook_deliveries(self, request: Request, webhook_id: str) -> Any:
        """What is not delivered: due again, held behind one that is, or given up."""
        return answers.undelivered(self.webhooks, request, webhook_id)
