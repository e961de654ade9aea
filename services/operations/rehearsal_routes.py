"""The routes by which operations rehearse an agency. A service that has them is a `RehearsalRoutes`."""

from typing import Any
from urllib.parse import quote

from services.operations import schemas
from services.operations.desks import DesksProvider
from shared.http.request import Request
from shared.http.route import route


class RehearsalRoutes:
    """Routes only: the routing service sends, and keeps what the agency did."""

    desks = DesksProvider()

    @route(
        "POST",
        "/v1/rehearsals",
        scope="operations:write",
        summary="Send an agency made-up referrals: plain, three times, in the wrong order, late, recalled",
        body=schemas.Rehearse,
        returns={200: schemas.RehearsalBegun},
        problems=[404],
    )
    def rehearse(self, request: Request) -> Any:
        asked = request.load(schemas.Rehearse()) | {"actor": f"key:{request.caller.id}"}
        return self.desks.ask("routing", "POST", "/v1/rehearsals", json=asked)

    @route(
        "GET",
        "/v1/rehearsals/<rehearsal_id>",
        scope="operations:read",
        summary="What the agency did with each of them so far",
        returns={200: schemas.Rehearsal},
        problems=[404],
    )
    def rehearsal(self, request: Request, rehearsal_id: str) -> Any:
        return self.desks.ask("routing", "GET", f"/v1/rehearsals/{quote(rehearsal_id, safe='')}")

    @route(
        "POST",
        "/v1/rehearsals/<rehearsal_id>/recall",
        scope="operations:write",
        summary="Send the recall that comes after the agency has begun",
        returns={200: schemas.RehearsalRecalled},
        problems=[404],
    )
    def recall(self, request: Request, rehearsal_id: str) -> Any:
        return self.desks.ask("routing", "POST", f"/v1/rehearsals/{quote(rehearsal_id, safe='')}/recall")
