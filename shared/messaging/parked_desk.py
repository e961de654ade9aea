"""Parked messages on a service's management listener, for operations; and the clock of their jobs, which runs beside it.

    GET  /v1/parked/groups          counted by what went wrong and where
    GET  /v1/parked                 a page of them (`group`, `error`, `place`, `type`, `subject`; `cursor`, `limit`)
    GET  /v1/parked/messages/<id>   one, its body redacted; POST …/mend puts it right
    POST /v1/parked/retry           by id; POST /v1/parked/discard, with a reason
    POST /v1/parked/jobs            all that match, at a pace; GET …/jobs, …/jobs/<id>; POST …/jobs/<id>/stop

Who acts is named in each body as `actor`, and is in the audit. Bodies leave this listener redacted only.
"""

from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal
from marshmallow import Schema, fields, validate, validates_schema

from shared.contracts.envelope import LARGEST, EventSchema
from shared.database.types import LARGEST_KEY
from shared.http.fields import invalid_field
from shared.http.management import Management
from shared.http.pages import read_page
from shared.http.request import Request
from shared.messaging import mending, parked_jobs
from shared.messaging.parked import (
    ACTIONS,
    DISCARD,
    RETRY,
    Filter,
    discard_parked,
    parked_groups,
    parked_messages,
    retry_parked,
)
from shared.messaging.parked_jobs import FASTEST, USUAL
from shared.messaging.store import Store

NAME = validate.Length(1, 80)
PLACE, TYPE, REASON = validate.Length(1, 200), validate.Length(1, 120), validate.Length(3, 500)
STEP_SECONDS = 1
LOOK_SECONDS = 5
"""How often a replica looks whether another began a job."""

log = structlog.get_logger(__name__)


class FilterSchema(Schema):
    """Which parked messages: of a group as groups are listed, or of these errors, places, types, or this referral."""

    group = fields.Integer(validate=validate.Range(1, LARGEST_KEY))
    error = fields.String(validate=NAME)
    place = fields.String(validate=PLACE)
    type = fields.String(validate=TYPE)
    subject = fields.String(validate=NAME)


class ListSchema(FilterSchema):
    cursor = fields.String()
    limit = fields.Integer()


class ByIdSchema(Schema):
    """Which messages, one by one, and who acts."""

    actor = fields.String(required=True, validate=NAME)
    ids = fields.List(fields.String(validate=NAME), required=True, validate=validate.Length(1, 1000))


class DiscardSchema(ByIdSchema):
    reason = fields.String(required=True, validate=REASON)


class JobSchema(FilterSchema):
    """All that match: what is done with them, how many a second, and who asks."""

    actor = fields.String(required=True, validate=NAME)
    action = fields.String(load_default=RETRY, validate=validate.OneOf(ACTIONS))
    pace = fields.Integer(load_default=USUAL, validate=validate.Range(1, FASTEST))
    reason = fields.String(validate=REASON)

    @validates_schema
    def _discarded_for_a_reason(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("action") == DISCARD and "reason" not in data:
            raise invalid_field("required", "Say why they may be given up.", "reason")


class ActorSchema(Schema):
    actor = fields.String(required=True, validate=NAME)


class MendSchema(ActorSchema):
    text = fields.String(required=True, validate=validate.Length(1, LARGEST))


class ParkedDesk:
    """One for each service in a process. `schemas` are the contracts of what the service handles, by type."""

    def __init__(self, store: Store, schemas: dict[str, EventSchema]) -> None:
        self._store = store
        self._schemas = schemas
        self._bell = Signal()
        self._stopping = False

    def add_to(self, management: Management) -> None:
        store = self._store
        management.add("GET", "/v1/parked/groups", lambda request: {"groups": parked_groups(store, _filter(request))})
        management.add("GET", "/v1/parked", self._list)
        management.add(
            "GET",
            "/v1/parked/messages/<event_id>",
            lambda request, event_id: mending.shown(store, self._schemas, event_id),
        )
        management.add("POST", "/v1/parked/messages/<event_id>/mend", self._mend)
        management.add("POST", "/v1/parked/retry", self._retry)
        management.add("POST", "/v1/parked/discard", self._discard)
        management.add("POST", "/v1/parked/jobs", self._begin)
        management.add("GET", "/v1/parked/jobs", lambda request: {"jobs": parked_jobs.jobs(store)})
        management.add("GET", "/v1/parked/jobs/<job_id>", lambda request, job_id: parked_jobs.job(store, job_id))
        management.add("POST", "/v1/parked/jobs/<job_id>/stop", self._stop_job)

    def run(self) -> None:
        """Steps the jobs there are until `stop`; a database that is away is asked again."""
        while not self._stopping:
            self._bell = Signal()
            try:
                moving = parked_jobs.step_all(self._store)
            except Exception as error:
                moving = False
                log.warning("parked-jobs.interrupted", service=self._store.service, error=type(error).__name__)
            with eventlet.Timeout(STEP_SECONDS if moving else LOOK_SECONDS, False):
                self._bell.wait()

    def stop(self) -> None:
        self._stopping = True
        self._ring()

    def _ring(self) -> None:
        if not self._bell.ready():
            self._bell.send()

    def _list(self, request: Request) -> dict[str, Any]:
        page = parked_messages(self._store, _filter(request), read_page(request.args, int, str, str))
        return {"messages": page["items"], "next": page["next"]}

    def _retry(self, request: Request) -> dict[str, Any]:
        asked = request.load(ByIdSchema())
        return {"retried": retry_parked(self._store, asked["actor"], asked["ids"])}

    def _discard(self, request: Request) -> dict[str, Any]:
        asked = request.load(DiscardSchema())
        return {"discarded": discard_parked(self._store, asked["actor"], asked["reason"], asked["ids"])}

    def _begin(self, request: Request) -> dict[str, Any]:
        asked = request.load(JobSchema())
        begun = parked_jobs.begin(
            self._store, asked["actor"], asked["action"], Filter.of(asked), asked["pace"], asked.get("reason")
        )
        self._ring()
        return begun

    def _stop_job(self, request: Request, job_id: str) -> dict[str, Any]:
        return parked_jobs.stop(self._store, request.load(ActorSchema())["actor"], job_id)

    def _mend(self, request: Request, event_id: str) -> dict[str, Any]:
        asked = request.load(MendSchema())
        return {"version": mending.mend(self._store, self._schemas, asked["actor"], event_id, asked["text"])}


def _filter(request: Request) -> Filter:
    return Filter.of(request.load_query(ListSchema()))
