"""What the notifications service says: a message went out, failed for good, or was held back to keep somebody safe."""

from shared.contracts import fields
from shared.contracts.envelope import EventSchema


class NotificationSent(EventSchema):
    """A message was handed to the carrier."""

    PRODUCER, FACT = "notifications", "notification.sent"

    referral_id = fields.Id(required=True)
    delivery_id = fields.Id(required=True)
    audience = fields.Code(required=True)
    channel = fields.Code(required=True)
    template = fields.Code(required=True)


class NotificationFailed(NotificationSent):
    """A message could not be delivered and no more attempts are made; operations see it."""

    FACT = "notification.failed"

    reason = fields.Code(required=True)


class NotificationSuppressed(NotificationFailed):
    """A message was not sent because sending it would not be safe or there is nowhere to send it."""

    FACT = "notification.suppressed"
