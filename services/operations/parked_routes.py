"""The routes by which operations see and act on parked messages. A service that has them is a `ParkedRoutes`."""

from typing import Any
from urllib.parse import quote

from services.operations import schemas
from services.operations.desks import WATCHED, DesksProvider
from shared.http.request import Request
from shared.http.route import route

READ, WRITE = "operations:read", "operations:write"


class ParkedRoutes:
    """Routes only: each service keeps its own messages, and writes down who acted."""

    desks = DesksProvider()

    @route(
        "GET",
        "/v1/parked/groups",
        scope=READ,
        summary="Parked messages by what went wrong and where",
        query=schemas.GroupsQuery,
        returns={200: schemas.Groups},
        problems=[400, 404],
    )
    def groups(self, request: Request) -> dict[str, Any]:
        asked = request.load_query(schemas.GroupsQuery())
        services = [asked.pop("service")] if "service" in asked else WATCHED
        return {"groups": self.desks.parked_groups(services, asked)}

    @route(
        "GET",
        "/v1/parked",
        scope=READ,
        summary="A service's parked messages, a page of them",
        query=schemas.ParkedQuery,
        returns={200: schemas.ParkedPage},
        problems=[400, 404],
    )
    def parked(self, request: Request) -> Any:
        asked = request.load_query(schemas.ParkedQuery())
        return self.desks.ask(asked.pop("service"), "GET", "/v1/parked", params=asked)

    @route(
        "GET",
        "/v1/parked/<desk>/messages/<event_id>",
        scope=READ,
        summary="One parked message: what went wrong, its body redacted, and every version of it",
        returns={200: schemas.ParkedMessage},
        problems=[404],
    )
    def parked_message(self, request: Request, desk: str, event_id: str) -> Any:
        return self.desks.ask(desk, "GET", f"/v1/parked/messages/{quote(event_id, safe='')}")

    @route(
        "POST",
        "/v1/parked/<desk>/messages/<event_id>/mend",
        scope=WRITE,
        summary="Put a message right that broke its contract, and have it tried again",
        body=schemas.Mend,
        returns={200: schemas.Mended},
        problems=[404, 409],
    )
    def mend(self, request: Request, desk: str, event_id: str) -> Any:
        asked = request.load(schemas.Mend()) | {"actor": _actor(request)}
        return self.desks.ask(desk, "POST", f"/v1/parked/messages/{quote(event_id, safe='')}/mend", json=asked)

    @route(
        "POST",
        "/v1/parked/retry",
        scope=WRITE,
        summary="Try parked messages again, by id",
        body=schemas.Retry,
        returns={200: schemas.Done},
        problems=[404],
    )
    def retry(self, request: Request) -> Any:
        return self._act("/v1/parked/retry", request, request.load(schemas.Retry()))

    @route(
        "POST",
        "/v1/parked/discard",
        scope=WRITE,
        summary="Give parked messages up, by id, with a reason",
        body=schemas.Discard,
        returns={200: schemas.Done},
        problems=[404],
    )
    def discard(self, request: Request) -> Any:
        return self._act("/v1/parked/discard", request, request.load(schemas.Discard()))

    @route(
        "POST",
        "/v1/parked/jobs",
        scope=WRITE,
        summary="Try all messages again that match, or give them up, at a pace",
        body=schemas.NewJob,
        returns={200: schemas.Job},
        problems=[404, 409],
    )
    def begin_job(self, request: Request) -> Any:
        return self._act("/v1/parked/jobs", request, request.load(schemas.NewJob()))

    @route(
        "GET",
        "/v1/parked/<desk>/jobs/<job_id>",
        scope=READ,
        summary="How far that has come",
        returns={200: schemas.Job},
        problems=[404],
    )
    def job(self, request: Request, desk: str, job_id: str) -> Any:
        return self.desks.ask(desk, "GET", f"/v1/parked/jobs/{quote(job_id, safe='')}")

    @route(
        "POST",
        "/v1/parked/<desk>/jobs/<job_id>/stop",
        scope=WRITE,
        summary="Hand no more over; what was handed over goes its way",
        returns={200: schemas.Job},
        problems=[404],
    )
    def stop_job(self, request: Request, desk: str, job_id: str) -> Any:
        path = f"/v1/parked/jobs/{quote(job_id, safe='')}/stop"
        return self.desks.ask(desk, "POST", path, json={"actor": _actor(request)})

    def _act(self, path: str, request: Request, asked: dict[str, Any]) -> Any:
        return self.desks.ask(asked.pop("service"), "POST", path, json={**asked, "actor": _actor(request)})


def _actor(request: Request) -> str:
    return f"key:{request.caller.id}"
