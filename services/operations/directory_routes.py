"""The routes by which operations see and change the agency directory. A service that has them is a `DirectoryRoutes`."""

from typing import Any

from services.operations import directory, directory_reading, directory_schemas, directory_trials, schemas
from services.operations.desks import DesksProvider
from services.operations.directory_spread import spread, told
from shared.http.request import Request
from shared.http.route import route
from shared.messaging.runtime import StoreProvider

READ, WRITE = "operations:read", "operations:write"


class DirectoryRoutes:
    """Routes only; the command line asks them too, and the pages call what they call."""

    desks = DesksProvider()
    store = StoreProvider()

    @route(
        "GET",
        "/v1/directory",
        scope=READ,
        summary="Which version is live and at which service, who confirmed which entry, and drafts",
        returns={200: directory_schemas.LiveVersion},
    )
    def live_directory(self, request: Request) -> dict[str, Any]:
        return {**directory_reading.overview(self.store), "services": told(self.desks)}

    @route(
        "POST",
        "/v1/directory/drafts",
        scope=WRITE,
        summary="Upload changed files as a draft; every mistake in them is told",
        body=directory_schemas.NewDraft,
        returns={200: directory_schemas.Draft},
    )
    def new_draft(self, request: Request) -> dict[str, Any]:
        asked = request.load(directory_schemas.NewDraft())
        actor = f"key:{request.caller.id}"
        draft_id = directory.upload(self.store, asked["files"], asked["whole"], asked["note"], actor)
        return directory_reading.show_draft(self.store, draft_id)

    @route(
        "GET",
        "/v1/directory/drafts/<draft_id>",
        scope=READ,
        summary="One draft, what it changes, and how far it was run over past facts",
        returns={200: directory_schemas.Draft},
        problems=[404],
    )
    def show_draft(self, request: Request, draft_id: str) -> dict[str, Any]:
        return directory_reading.show_draft(self.store, draft_id)

    @route(
        "POST",
        "/v1/directory/drafts/<draft_id>/trial",
        scope=WRITE,
        summary="Run a draft over the facts of all past referrals; nothing is decided by it",
        returns={200: directory_schemas.Draft},
        problems=[404, 409],
    )
    def try_draft(self, request: Request, draft_id: str) -> dict[str, Any]:
        directory_trials.begin(self.store, self.desks, draft_id, f"key:{request.caller.id}")
        return directory_reading.show_draft(self.store, draft_id)

    @route(
        "GET",
        "/v1/directory/drafts/<draft_id>/changes",
        scope=READ,
        summary="The referrals that would be newly in, newly out or sent elsewhere, each with its reasons",
        query=directory_schemas.ChangesQuery,
        returns={200: schemas.Page},
        problems=[400, 404],
    )
    def draft_changes(self, request: Request, draft_id: str) -> dict[str, Any]:
        request.load_query(directory_schemas.ChangesQuery())
        return directory_reading.list_changes(self.store, draft_id, request)

    @route(
        "POST",
        "/v1/directory/drafts/<draft_id>/publication",
        scope=WRITE,
        summary="Make a draft live everywhere; never by whoever uploaded it, never untried",
        returns={200: directory_schemas.Publication},
        problems=[404, 409],
    )
    def publish_draft(self, request: Request, draft_id: str) -> dict[str, Any]:
        number = directory.publish(self.store, draft_id, f"key:{request.caller.id}")
        spread(self.store, self.desks)
        return {"number": number}

    @route(
        "POST",
        "/v1/directory/drafts/<draft_id>/discard",
        scope=WRITE,
        summary="Give a draft up",
        returns={200: directory_schemas.Draft},
        problems=[404, 409],
    )
    def discard_draft(self, request: Request, draft_id: str) -> dict[str, Any]:
        directory.discard(self.store, draft_id, f"key:{request.caller.id}")
        return directory_reading.show_draft(self.store, draft_id)

    @route(
        "POST",
        "/v1/directory/back",
        scope=WRITE,
        summary="One step back: what was live before is live again, everywhere",
        body=directory_schemas.GoBack,
        returns={200: directory_schemas.Publication},
        problems=[409],
    )
    def step_back(self, request: Request) -> dict[str, Any]:
        number = directory.back(
            self.store, request.load(directory_schemas.GoBack())["number"], f"key:{request.caller.id}"
        )
        spread(self.store, self.desks)
        return {"number": number}
