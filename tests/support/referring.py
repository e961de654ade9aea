"""The referrals service on a pair without nameko, and the bodies that referrers send it. Everybody in them is made up.

desk = ReferralsDesk(pair, folder)
answer = desk.post("/v1/referrals", a_referral())
desk.take(routed(answer["id"]))
"""

import io
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import select
from werkzeug.test import EnvironBuilder

from services.referrals.front import Front
from services.referrals.handlers import HANDLERS
from services.referrals.recipients import recipients
from services.referrals.tables import metadata
from services.referrals.web import FOLDER
from services.referrals.web.follow.link import track
from shared.contracts.eligibility import EligibilityAssessed
from shared.contracts.envelope import Event, EventSchema, read, write
from shared.contracts.registry import EVENTS, schema_for
from shared.contracts.routing import ReferralRouted
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.http.request import Request
from shared.ids import new_id
from shared.messaging.inbox import Inbox
from shared.web.pages import Pages
from tests.service.places_factory import folder_of
from tests.support.pairs import Pair
from tests.support.parts import SteppedClock, runtime_for
from tests.support.schema import migrated

MIGRATIONS = Path(__file__).parents[2] / "services" / "referrals" / "migrations"
READABLE = {schema.type(): schema_for(schema) for schema in EVENTS}
SCHOOL_KEY = Key("key-school-1", "test-school", frozenset({"referrals:read", "referrals:write"}))
OTHER_KEY = Key("key-school-2", "another-school", frozenset({"referrals:read", "referrals:write"}))
KINGSTON, WIRRAL = "E09000021", "E08000015"


def a_child(**about: Any) -> dict[str, Any]:
    return {"first_name": "Test", "last_name": "Child", "date_of_birth": "2017-03-14", "told": "partly"} | about


def a_consent(**about: Any) -> dict[str, Any]:
    return {
        "given_by": "parent-or-carer",
        "name": "Test Parent",
        "method": "verbal",
        "given_at": "2026-11-19T10:00:00Z",
        "wording_version": "2026-11",
        "agencies": ["families-apart"],
        "child_view": "agrees",
    } | about


def a_referral(**about: Any) -> dict[str, Any]:
    """What a school sends for a family in Kingston; `about` says what is different, None leaves a part out."""
    body = {
        "kind": "family-support",
        "referrer": {
            "type": "school",
            "name": "Test Teacher",
            "role": "Pastoral lead",
            "organisation": "Test School",
            "email": "teacher@example.org",
            "telephone": "01632 960001",
        },
        "children": [a_child()],
        "relative": {"relationship": "parent", "stage": "sentenced"},
        "home": {"postcode": "KT1 1AA"},
        "family_contact": {
            "name": "Test Parent",
            "relationship": "mother",
            "telephone": "01632 960002",
            "safe_contact": {"telephone": {"safe": True, "message": False}},
        },
        "needs": ["telling-the-children"],
        "notes": "A made-up note",
        "consent": a_consent(),
    } | about
    return deepcopy({name: value for name, value in body.items() if value is not None})


def a_consultation(**about: Any) -> dict[str, Any]:
    return {
        "kind": "consultation",
        "referrer": a_referral()["referrer"],
        "borough": {"code": KINGSTON},
        "question": "A made-up question",
    } | about


class ReferralsDesk:
    """The service's parts: calls as a client makes them, events as the broker brings them."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self.clock = SteppedClock()
        self.runtime = runtime_for(pair, folder, "referrals", metadata, self.clock)
        folder_of(self.runtime.resources.settings.data / "places")
        migrated(self.runtime.store.database, MIGRATIONS)
        self.front = Front(self.runtime.store)
        self.inbox = Inbox(self.runtime.store, HANDLERS, self.runtime.metrics)

    def post(self, path: str, body: Any, key: Key = SCHOOL_KEY, once: str | None = None) -> dict[str, Any]:
        """A POST as the service answers it: the JSON, with `http_status`; of a problem too."""
        request = a_request(path, body, key, once)
        work = {"": self.front.intake.accept}
        parts = path.removeprefix("/v1/referrals").strip("/").split("/")
        try:
            if parts == [""]:
                response = self.front.once.answer(request, lambda: work[""](request.json_body, key))
            else:
                referral_id, action = parts
                change = getattr(self.front.changes, action.replace("-", "_"))
                response = self.front.once.answer(request, lambda: change(request.json_body, referral_id, key))
        except Problem as problem:
            return problem.body() | {"http_status": problem.status}
        return orjson.loads(response.get_data()) | {"http_status": response.status_code, **dict(response.headers)}

    def refer(self, **about: Any) -> str:
        """Takes a referral that must be taken; answers its id."""
        answer = self.post("/v1/referrals", a_referral(**about))
        assert answer["http_status"] == 201, answer
        return str(answer["id"])

    def errors(self, body: Any, path: str = "/v1/referrals") -> list[tuple[str, str]]:
        """Where a body is refused, and why."""
        answer = self.post(path, body)
        assert answer["http_status"] == 422, answer
        return [(error["pointer"], error["code"]) for error in answer["errors"]]

    def get(self, referral_id: str, key: Key = SCHOOL_KEY) -> dict[str, Any]:
        """A referral as its owner reads it."""
        return _json(self.front.reading.one(referral_id, key))

    def status(self, referral_id: str) -> str:
        return str(self.rows("referrals", id=referral_id)[0]["status"])

    def timeline(self, referral_id: str, key: Key = SCHOOL_KEY) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = _json(self.front.reading.timeline(referral_id, key))["items"]
        return items

    def recipient(self, referral_id: str, **arguments: str) -> dict[str, Any]:
        """Where a message goes; to the referrer, about the reception, unless it is told otherwise."""
        reader = {"referral_id": referral_id, "audience": "referrer", "purpose": "received", "event": ""} | arguments
        return recipients(self.runtime.store, [reader])[0]

    def page(self, tracking_url: str) -> tuple[int, str]:
        pages = Pages(FOLDER, "referrals", self.runtime.resources)
        request = Request(EnvironBuilder(path=urlsplit(tracking_url).path).get_environ())
        response = track(pages, self.runtime.store, request, tracking_url.rpartition("/")[2])
        return response.status_code, response.get_data(as_text=True)

    def take(self, *bodies: bytes) -> None:
        """One batch of messages; none may fail."""
        self.inbox.take(bodies)
        assert self.rows("failures") == []

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        found = metadata.tables[table]
        query = select(found).filter_by(**where).order_by(*found.primary_key.columns)
        with self.runtime.store.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def told(self, referral_id: str) -> list[Event]:
        """The events that this service wrote about a referral, in order."""
        return [read(row["body"], READABLE) for row in self.rows("outbox", subject=referral_id)]

    def close(self) -> None:
        self.runtime.store.database.close()


def a_request(path: str, body: Any, key: Key, once: str | None) -> Request:
    """A request as the listener makes it, its key checked and its body read."""
    raw = orjson.dumps(body)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(raw),
        **({"HTTP_IDEMPOTENCY_KEY": once} if once else {}),
    }
    request = Request(environ)
    request.key, request.body = key, raw
    return request


def said(schema: type[EventSchema], referral_id: str, sequence: int = 1, **data: Any) -> bytes:
    """An event of another service about a referral."""
    event_id = new_id()
    event = Event(
        id=event_id,
        source="urn:waypost:test",
        type=schema.type(),
        subject=referral_id,
        time=datetime(2026, 11, 20, 10, 1, tzinfo=UTC),
        sequence=sequence,
        correlation_id=event_id,
        causation_id=None,
        data={"referral_id": referral_id, **data},
    )
    return write(schema_for(schema), event)


def routed(referral_id: str, sequence: int = 1, agency: str = "families-apart") -> bytes:
    day = datetime(2026, 12, 1, tzinfo=UTC).date()
    return said(
        ReferralRouted,
        referral_id,
        sequence,
        reference="7KX-3FM-9QF",
        kind="family-support",
        agency=agency,
        task_id=new_id(),
        children=[],
        acknowledge_by=day,
        decide_by=day,
        contact_by=day,
        link="http://127.0.0.1:8001/v1/tasks/1",
    )


def assessed(desk: ReferralsDesk, referral_id: str, facts_sequence: int = 1) -> bytes:
    """What the rules say of a referral as it stands, as the eligibility service tells it."""
    from shared.rules import facts_of

    facts = desk.rows("referrals", id=referral_id)[0]["facts"]
    directory = desk.runtime.resources.directory
    received_on = datetime.fromisoformat(facts["received_on"]).date()
    decisions = directory.assess(facts_of(facts), received_on, facts["data_releases"])
    outcomes = [
        {
            "agency": decision.agency,
            "outcome": decision.outcome,
            "children": dict(decision.children),
            "missing": [fact.replace("_", "-") for fact in decision.missing],
            "receipt": decision.receipt.to_json(),
        }
        for decision in decisions
    ]
    return said(
        EligibilityAssessed,
        referral_id,
        facts_sequence,
        facts_sequence=facts_sequence,
        directory_version=directory.version,
        outcomes=outcomes,
    )


def _json(value: Any) -> Any:
    """As it travels."""
    return orjson.loads(orjson.dumps(value))
