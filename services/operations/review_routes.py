"""The routes by which operations see and decide what waits for a person. A service that has them is a `ReviewRoutes`."""

from typing import Any
from urllib.parse import quote

from services.operations import schemas
from services.operations.desks import DesksProvider
from shared.http.request import Request
from shared.http.route import route


class ReviewRoutes:
    """Routes only: the routing service answers, and writes down who decided."""

    desks = DesksProvider()

    @route(
        "GET",
        "/v1/reviews",
        scope="operations:read",
        summary="Referrals that wait for a person",
        query=schemas.ReviewsQuery,
        returns={200: schemas.Page},
        problems=[400],
    )
    def reviews(self, request: Request) -> Any:
        return self.desks.ask("routing", "GET", "/v1/reviews", params=request.load_query(schemas.ReviewsQuery()))

    @route(
        "GET",
        "/v1/reviews/<referral_id>",
        scope="operations:read",
        summary="What is known of one: rules, room, possible duplicates, where it may go",
        returns={200: schemas.Review},
        problems=[404],
    )
    def review(self, request: Request, referral_id: str) -> Any:
        return self.desks.ask("routing", "GET", f"/v1/reviews/{quote(referral_id, safe='')}")

    @route(
        "POST",
        "/v1/reviews/<referral_id>",
        scope="operations:write",
        summary="Decide one, with a reason: never outside what the family agreed to",
        body=schemas.Ruling,
        returns={200: schemas.Ruled},
        problems=[404, 409],
    )
    def rule(self, request: Request, referral_id: str) -> Any:
        ruling = request.load(schemas.Ruling()) | {"actor": f"key:{request.caller.id}"}
        return self.desks.ask("routing", "POST", f"/v1/reviews/{quote(referral_id, safe='')}", json=ruling)

    @route(
        "POST",
        "/v1/reviews/<referral_id>/outlook",
        scope="operations:write",
        summary="What a decision would bring about, were it made now; nothing is changed",
        body=schemas.Choice,
        returns={200: schemas.Outlook},
        problems=[404, 409],
    )
    def outlook(self, request: Request, referral_id: str) -> Any:
        choice = request.load(schemas.Choice())
        return self.desks.ask("routing", "POST", f"/v1/reviews/{quote(referral_id, safe='')}/outlook", json=choice)

    @route(
        "GET",
        "/v1/recalls",
        scope="operations:read",
        summary="Recalls, and who has not acknowledged them",
        query=schemas.RecallsQuery,
        returns={200: schemas.Page},
        problems=[400],
    )
    def recalls(self, request: Request) -> Any:
        return self.desks.ask("routing", "GET", "/v1/recalls", params=request.load_query(schemas.RecallsQuery()))
