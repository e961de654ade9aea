"""What the webhooks' routes answer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from services.routing.webhooks import endpoints, journal
from services.routing.webhooks.addresses import Refused
from services.routing.webhooks.provider import Webhooks
from services.routing.webhooks.schemas import (
    GIVEN_UP,
    HELD,
    WAITING,
    DeliverySchema,
    NewWebhookSchema,
    ReplaySchema,
    WebhookSchema,
    WebhookWithSecretSchema,
)
from services.routing.webhooks.sending import port_of
from services.routing.webhooks.signing import signed_headers
from services.routing.webhooks.trial import trial_event
from shared.http import problems
from shared.http.pages import as_page, decode_cursor, encode_cursor, read_page
from shared.http.problems import FieldError
from shared.http.request import Request

_NEW, _REPLAY, _SHOWN, _WITH_SECRET = NewWebhookSchema(), ReplaySchema(), WebhookSchema(), WebhookWithSecretSchema()
_DELIVERY = DeliverySchema()
_REFUSALS = {
    "name-not-resolved": "The name has no address.",
    "address-not-allowed": "The name leads to an address inside a network: only public addresses can be used.",
    "not-https": "Only https can be used.",
}


def create(webhooks: Webhooks, request: Request) -> tuple[int, dict[str, str], Any]:
    asked = request.load(_NEW)
    url = urlsplit(asked["url"])
    try:
        webhooks.post.addresses.of(url.hostname or "", port_of(url), url.scheme == "https")
    except Refused as refused:
        error = FieldError("/url", refused.code, _REFUSALS[refused.code])
        raise problems.invalid([error]) from None
    after = None if asked["after"] is None else _position(asked["after"])
    webhook_id, secret = endpoints.create(webhooks.store, request.caller.owner, asked["url"], after)
    webhooks.dispatcher.wake()
    row = endpoints.show(webhooks.store, request.caller.owner, webhook_id)
    return 201, {"Location": f"/v1/webhooks/{webhook_id}"}, _WITH_SECRET.dump(_shown(row) | {"secret": secret})


def listed(webhooks: Webhooks, request: Request) -> dict[str, Any]:
    rows = endpoints.of_agency(webhooks.store, request.caller.owner)
    return {"items": [_SHOWN.dump(_shown(row)) for row in rows]}


def shown(webhooks: Webhooks, request: Request, webhook_id: str) -> Any:
    return _SHOWN.dump(_shown(endpoints.show(webhooks.store, request.caller.owner, webhook_id)))


def remove(webhooks: Webhooks, request: Request, webhook_id: str) -> None:
    endpoints.remove(webhooks.store, request.caller.owner, webhook_id)
    webhooks.dispatcher.wake()


def rotate(webhooks: Webhooks, request: Request, webhook_id: str) -> Any:
    secret, _ = endpoints.rotate(webhooks.store, request.caller.owner, webhook_id)
    webhooks.dispatcher.wake()
    row = endpoints.show(webhooks.store, request.caller.owner, webhook_id)
    return _WITH_SECRET.dump(_shown(row) | {"secret": secret})


def test(webhooks: Webhooks, request: Request, webhook_id: str) -> dict[str, Any]:
    row = endpoints.show(webhooks.store, request.caller.owner, webhook_id)
    with webhooks.one_trial(webhook_id):
        endpoint = journal.endpoint_of(webhooks.store.resources.keyring, row)
        now = webhooks.store.resources.clock.now()
        event_id, body = trial_event(webhook_id, now)
        headers = signed_headers(endpoint.keys(now), event_id, now, body)
        outcome = webhooks.post.send(endpoint.url, headers, body)
    return {
        "delivered": outcome.problem is None,
        "status": outcome.status,
        "problem": outcome.problem,
        "event_id": event_id,
    }


def enable(webhooks: Webhooks, request: Request, webhook_id: str) -> Any:
    endpoints.enable(webhooks.store, request.caller.owner, webhook_id)
    webhooks.dispatcher.wake()
    return shown(webhooks, request, webhook_id)


def replay(webhooks: Webhooks, request: Request, webhook_id: str) -> Any:
    cursor = request.load(_REPLAY)["after"]
    position = 0 if cursor is None else _position(cursor)
    endpoints.replay(webhooks.store, request.caller.owner, webhook_id, position)
    webhooks.dispatcher.wake()
    return shown(webhooks, request, webhook_id)


def undelivered(webhooks: Webhooks, request: Request, webhook_id: str) -> dict[str, Any]:
    page = read_page(request.args, int)
    endpoints.show(webhooks.store, request.caller.owner, webhook_id)
    after = int(page.after[0]) if page.after else 0
    rows = endpoints.undelivered(webhooks.store, webhook_id, after, page.limit + 1)
    return as_page(rows, page, lambda row: (row["position"],), lambda row: _DELIVERY.dump(_delivery(row)))


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "after": encode_cursor(row["after"])}


def _delivery(row: Mapping[Any, Any]) -> dict[str, Any]:
    state = GIVEN_UP if row["given_up_at"] else WAITING if row["attempts"] else HELD
    return {**row, "referral_id": row["subject"], "state": state, "after": encode_cursor(row["position"] - 1)}


def _position(cursor: str) -> int:
    (position,) = decode_cursor(cursor, int)
    return int(position)
