"""A referral's trace over the API. A service that has it is a `TraceRoutes`."""

from typing import Any

from marshmallow import Schema, fields

from services.operations.desks import DesksProvider
from services.operations.trace import trace_of
from services.operations.trace_entry import STATES
from services.operations.trace_sight import LEVELS
from shared.http.request import Request
from shared.http.route import route
from shared.messaging.runtime import StoreProvider


class TraceQuery(Schema):
    """The moment at which it is asked what each agency could see; without it, now."""

    at = fields.AwareDateTime()


class TraceHop(Schema):
    """One step: to a service, or to an agency (`queue`, `feed`, `webhook`). `seconds` is how long it took, or has taken."""

    to = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": STATES})
    at = fields.AwareDateTime(required=True, allow_none=True)
    seconds = fields.Float(required=True, allow_none=True)
    attempts = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)


class TraceEntry(Schema):
    """Something that happened: what (`kind` and `code`), in which lane, for how long, codes about it, and its hops."""

    at = fields.AwareDateTime(required=True)
    lane = fields.String(required=True)
    kind = fields.String(required=True)
    code = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": STATES})
    until = fields.AwareDateTime(required=True, allow_none=True)
    seconds = fields.Float(required=True, allow_none=True)
    attempts = fields.Integer(required=True, allow_none=True)
    id = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    about = fields.Dict(required=True)
    hops = fields.List(fields.Nested(TraceHop), required=True)


class TraceWait(Schema):
    """Something that has not come to its end: what, where, since when; `what` and `id` are the event's or message's."""

    code = fields.String(required=True)
    lane = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    seconds = fields.Float(required=True)
    what = fields.String(required=True, allow_none=True)
    id = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class TracePeriod(Schema):
    """What an agency could see from `since` (none: from the first) until `until` (none: still), and why."""

    agency = fields.String(required=True)
    level = fields.String(required=True, metadata={"enum": LEVELS})
    because = fields.String(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True)
    until = fields.AwareDateTime(required=True, allow_none=True)


class TraceSight(TracePeriod):
    """The same at the moment that was asked about, with its parts, what the agency had looked at by then, and every period."""

    name = fields.String(required=True)
    parts = fields.List(fields.String(), required=True)
    looks = fields.Integer(required=True)
    last_look = fields.AwareDateTime(required=True, allow_none=True)
    last_parts = fields.List(fields.String(), required=True)
    periods = fields.List(fields.Nested(TracePeriod), required=True)


class Trace(Schema):
    """All that is known of a referral's way, without anything about the family. `silent` are services that do not answer."""

    reference = fields.String(required=True)
    referral_id = fields.String(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    erased = fields.Dict(required=True, allow_none=True)
    now = fields.AwareDateTime(required=True)
    at = fields.AwareDateTime(required=True)
    silent = fields.List(fields.String(), required=True)
    agencies = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    lanes = fields.List(fields.String(), required=True)
    waits = fields.List(fields.Nested(TraceWait), required=True)
    sight = fields.List(fields.Nested(TraceSight), required=True)
    entries = fields.List(fields.Nested(TraceEntry), required=True)


class TraceRoutes:
    """One route: every service is asked."""

    desks = DesksProvider()
    store = StoreProvider()

    @route(
        "GET",
        "/v1/trace/<reference>",
        scope="operations:read",
        summary="All that happened to a referral, on one time line, and what each agency could see",
        query=TraceQuery,
        returns={200: Trace},
        problems=[400, 404, 503],
    )
    def trace(self, request: Request, reference: str) -> Any:
        at = request.load_query(TraceQuery()).get("at")
        return trace_of(self.desks, reference, self.store.resources.clock.now(), at)
