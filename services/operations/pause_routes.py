"""The routes by which operations pause and resume. A service that has them is a `PauseRoutes`."""

from typing import Any

from services.operations import pause_schemas, pauses
from services.operations.desks import DesksProvider
from shared.http.request import Request
from shared.http.route import route


class PauseRoutes:
    """Routes only: what they do stands in `pauses`."""

    desks = DesksProvider()

    @route(
        "GET",
        "/v1/pauses",
        scope="operations:read",
        summary="What is paused: by whom, since when, why, and how much waits",
        returns={200: pause_schemas.Pauses},
    )
    def list_pauses(self, request: Request) -> Any:
        return pauses.paused(self.desks)

    @route(
        "POST",
        "/v1/pauses",
        scope="operations:write",
        summary="Pause a service's handling or an agency's channel; what comes waits and is not lost",
        body=pause_schemas.NewPause,
        returns={200: pause_schemas.Paused},
        problems=[404, 409],
    )
    def begin_pause(self, request: Request) -> Any:
        asked = request.load(pause_schemas.NewPause())
        pauses.pause(self.desks, f"key:{request.caller.id}", asked["target"], asked["reason"])
        return {"target": asked["target"]}

    @route(
        "DELETE",
        "/v1/pauses/<target>",
        scope="operations:write",
        summary="Resume: what waited goes on by itself",
        returns={200: pause_schemas.Resumed},
        problems=[404],
    )
    def end_pause(self, request: Request, target: str) -> Any:
        return pauses.resume(self.desks, f"key:{request.caller.id}", target)
