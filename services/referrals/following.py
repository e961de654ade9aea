"""What those who follow a referral may do besides what its referrer may: the routes of codes, passes and the family's word."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals import answers, schemas
from services.referrals.front import Front
from services.referrals.passes import end_pass
from shared.http.request import Request
from shared.http.route import route
from shared.messaging.store import Store

WRITE = "referrals:write"


class FollowingRoutes:
    """A part of the referrals service."""

    front: Front
    store: Store

    @route(
        "POST",
        "/v1/access-codes",
        public="a code goes to the family's or the referrer's own address alone, and the answer is always the same",
        summary="Have a one-time code sent, in the way that is known to be safe, to follow a referral",
        body=schemas.AccessCode,
        returns={202: answers.CodeAsked},
    )
    def ask_for_code(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 202, self.front.access_codes.ask(request.json_body, self.front.address_of(request))

    @route(
        "POST",
        "/v1/access",
        public="the one-time code is what opens it",
        summary="A pass to one referral, for a one-time code",
        body=schemas.Access,
        returns={201: answers.Opened},
    )
    def open_with_code(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 201, self.front.access_codes.redeem(request.json_body)

    @route(
        "POST",
        "/v1/referrals/<referral_id>/leave",
        scope=WRITE,
        summary="End the pass that is sent with this",
        returns={204: None},
    )
    def leave(self, request: Request, referral_id: str) -> None:
        end_pass(self.store, request.caller)

    @route(
        "POST",
        "/v1/referrals/<referral_id>/family-contact",
        scope=WRITE,
        summary="Change the way in which the family is reached safely",
        body=schemas.ContactChange,
        returns={200: answers.Changed},
        problems=[404, 409, 410],
        idempotent=True,
    )
    def family_contact(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(
            request, lambda: changes.family_contact(request.json_body, referral_id, request.caller)
        )

    @route(
        "POST",
        "/v1/referrals/<referral_id>/not-contacted",
        scope=WRITE,
        summary="Say that nobody has been in touch, once the day for it is over",
        body=schemas.NotContacted,
        returns={200: answers.Changed},
        problems=[404, 409],
        idempotent=True,
    )
    def not_contacted(self, request: Request, referral_id: str) -> Response:
        changes = self.front.changes
        return self.front.once.answer(
            request, lambda: changes.not_contacted(request.json_body, referral_id, request.caller)
        )
