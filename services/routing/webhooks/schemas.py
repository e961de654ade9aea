"""What routing takes and gives about webhooks."""

import re
from urllib.parse import urlsplit

from marshmallow import Schema, fields, validate

from services.routing.webhooks.tables import LONGEST_URL, STATES
from shared.http.fields import invalid_field
from shared.http.pages import MOST, USUAL

_URL = re.compile(r"https?://[!-~]+")
WAITING, HELD, GIVEN_UP = "waiting", "held", "given-up"


def _check_url(url: str) -> None:
    """What can be said without asking anybody; where it leads is checked by `endpoints`."""
    try:
        parts = urlsplit(url)
        usable = bool(_URL.fullmatch(url) and parts.hostname and parts.port != 0 and not parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise invalid_field("not-a-url", "Send an https address, in ASCII, without a fragment.")
    if parts.username is not None or parts.password is not None:
        raise invalid_field("credentials", "An address must not hold a user or a password: check the signature.")


class NewWebhookSchema(Schema):
    """Where to send. `after` is a cursor of the feed to begin from; without it, what comes from now on."""

    url = fields.String(required=True, validate=[validate.Length(max=LONGEST_URL), _check_url])
    after = fields.String(load_default=None, allow_none=True)


class ReplaySchema(Schema):
    """From where to send again: a cursor of the feed, null for the beginning."""

    after = fields.String(required=True, allow_none=True)


class WebhookSchema(Schema):
    """A webhook and how it does. `failing`: events were given up; `disabled`: the receiver answered 410.

    `after` is the cursor of the feed up to which all is delivered, given up, or listed as a delivery.
    """

    id = fields.String(required=True)
    url = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    after = fields.String(required=True)
    waiting = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    failed_attempts = fields.Integer(required=True)
    given_up = fields.Integer(required=True)
    last_delivered_at = fields.AwareDateTime(required=True, allow_none=True)
    last_failed_at = fields.AwareDateTime(required=True, allow_none=True)
    last_problem = fields.String(required=True, allow_none=True)
    paused_until = fields.AwareDateTime(required=True, allow_none=True)
    old_secret_until = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class WebhookWithSecretSchema(WebhookSchema):
    """The same, with the secret to check signatures with: shown this once."""

    secret = fields.String(required=True)


class WebhooksSchema(Schema):
    """All of the agency's webhooks, the oldest first."""

    items = fields.List(fields.Nested(WebhookSchema), required=True)


class DeliverySchema(Schema):
    """An event that is not delivered: `waiting` for its next attempt, `held` behind one that is, or `given-up`.

    `after` is the cursor to replay from it on.
    """

    event_id = fields.String(required=True)
    referral_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf([WAITING, HELD, GIVEN_UP]))
    attempts = fields.Integer(required=True)
    problem = fields.String(required=True, allow_none=True)
    first_failed_at = fields.AwareDateTime(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    given_up_at = fields.AwareDateTime(required=True, allow_none=True)
    after = fields.String(required=True)


class DeliveriesPageSchema(Schema):
    """A page of what is not delivered, in the order of the feed."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DeliveriesQuerySchema(Schema):
    """Which page."""

    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST), load_default=USUAL)


class TestedSchema(Schema):
    """What came of a test event: `problem` is null when it was taken, else a code; `status` what was answered, if anything."""

    delivered = fields.Boolean(required=True)
    status = fields.Integer(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    event_id = fields.String(required=True)
