"""The event by which an agency tries its webhook: shaped as any other, about the webhook itself, of no family."""

from datetime import datetime

from shared.contracts import fields
from shared.contracts.envelope import Event, EventSchema, write
from shared.ids import new_id


class WebhookTried(EventSchema):
    """Somebody of the agency asked for it. It stands in no feed, and no service hears it."""

    PRODUCER, FACT = "routing", "webhook.tried"

    webhook_id = fields.Id(required=True)


def trial_event(webhook_id: str, now: datetime) -> tuple[str, bytes]:
    """Its id and its bytes."""
    event_id = new_id()
    event = Event(
        id=event_id,
        source="urn:waypost:routing",
        type=WebhookTried.type(),
        subject=webhook_id,
        time=now,
        sequence=1,
        correlation_id=event_id,
        causation_id=None,
        data={"webhook_id": webhook_id},
    )
    return event_id, write(WebhookTried(), event)
