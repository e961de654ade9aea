"""Pauses on a service's management listener, for operations: `GET /v1/pauses`, `POST /v1/pauses`, `POST /v1/pauses/end`.

`what` is `handling`, or a channel of the `agency` that is named with it. Who acts is named as `actor`, and is in the audit.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from shared.http import problems
from shared.http.management import Management
from shared.http.request import Request
from shared.messaging.pauses import HANDLING, QUEUE, Waiting, pause, paused, resume
from shared.messaging.pauses_tables import REASON
from shared.messaging.runtime import Runtime

NAME = validate.Length(1, 80)


class EndSchema(Schema):
    """Which pause, and who acts."""

    actor = fields.String(required=True, validate=NAME)
    what = fields.String(required=True, validate=NAME)
    agency = fields.String(load_default="", validate=validate.Length(max=80))


class PauseSchema(EndSchema):
    reason = fields.String(required=True, validate=validate.Length(3, REASON))


class PausesDesk:
    """One for each service in a process. `channels` are those that this service serves, with what counts what waits there."""

    def __init__(self, runtime: Runtime, channels: Mapping[str, Waiting]) -> None:
        self._store = runtime.store
        self._resources = runtime.resources
        self._channels = channels

    def add_to(self, management: Management) -> None:
        management.add("GET", "/v1/pauses", lambda request: {"items": self.listed()})
        management.add("POST", "/v1/pauses", self._pause)
        management.add("POST", "/v1/pauses/end", self._end)

    def listed(self) -> list[dict[str, Any]]:
        return paused(self._store, self._channels)

    def _pause(self, request: Request) -> dict[str, Any]:
        asked = request.load(PauseSchema())
        self._require(asked["what"], asked["agency"])
        pause(self._store, asked["actor"], asked["reason"], asked["what"], asked["agency"])
        return {"paused": True}

    def _end(self, request: Request) -> dict[str, Any]:
        asked = request.load(EndSchema())
        return {"since": resume(self._store, asked["actor"], asked["what"], asked["agency"])}

    def _require(self, what: str, agency: str) -> None:
        """Raises a 404 problem where there is no such thing to pause here, 409 for a queue that the agency does not have."""
        if what == HANDLING and not agency:
            return
        known = {each.id: each for each in self._resources.directory.agencies}
        if what not in self._channels or agency not in known:
            raise problems.not_found("There is nothing of that name to pause.")
        if what == QUEUE and QUEUE not in known[agency].channels:
            raise problems.conflict("no-such-channel", "This agency has no queue of its own")
