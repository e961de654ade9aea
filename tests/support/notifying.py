"""The notifications service's parts, driven by hand, with a `referrals` beside it that answers where people are reached."""

import email
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import eventlet
import eventlet.wsgi
import orjson
from sqlalchemy import select

import services.notifications
from services.notifications.carriers.carrier import Carrier
from services.notifications.carriers.choice import carriers_for
from services.notifications.handlers import HANDLERS
from services.notifications.recipients import Recipients
from services.notifications.sender import Sender
from services.notifications.tables import deliveries, metadata
from services.notifications.templates import load_templates
from shared.contracts.envelope import Event, EventSchema, write
from shared.contracts.referrals import ReferralSubmitted, ReferralWithdrawn
from shared.contracts.registry import schema_for
from shared.contracts.routing import (
    InformationRequested,
    ReferralNotEligible,
    ReferralRouted,
    ReferralUnderReview,
    TaskCancelled,
)
from shared.ids import new_id
from shared.messaging.inbox import Inbox
from shared.messaging.runtime import Runtime
from shared.resources import Resources
from shared.settings import Settings
from tests.support.pairs import Pair
from tests.support.parts import SteppedClock, settings_for
from tests.support.schema import migrated

WRITTEN_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
REFERENCE = "7KX-3FM-9QF"
PAGE = "https://example.org/track/made-up-token"
SAMPLES = Path(__file__).parents[1] / "contract" / "samples"
# Read once: it takes longer than most tests.
TEMPLATES = load_templates()
MIGRATIONS = Path(services.notifications.__file__).parent / "migrations"


class ReferralsNearby:
    """Answers `/internal/v1/recipients` as `referrals` does, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.raw: bytes | None = None
        self.location: str | None = None
        self.refused: str | None = None
        """A referral about which no question can be answered."""
        self.answer: Any = {
            "channel": "e-mail",
            "address": "referrer@example.org",
            "reference": REFERENCE,
            "link": PAGE,
        }
        self.family: Any = {"channel": None, "reason": "no-safe-channel"}
        self._listener = eventlet.listen(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = eventlet.spawn(eventlet.wsgi.server, self._listener, self._app, log_output=False)

    def _app(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        readers = json.loads(environ["wsgi.input"].read(length) or b"{}").get("readers", [])
        self.asked.append({"path": environ["PATH_INFO"], "readers": readers, "key": environ.get("HTTP_AUTHORIZATION")})
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        if self.location:
            headers.append(("Location", self.location))
        refused = self.refused in [reader["referral_id"] for reader in readers]
        start_response("500 X" if refused else f"{self.status} X", headers)
        told = [self.family if reader["audience"] == "family" else self.answer for reader in readers]
        return [json.dumps({"recipients": told}).encode() if self.raw is None else self.raw]

    def stop(self) -> None:
        self._thread.kill()
        self._listener.close()


class Notifications:
    """One replica of the service, without nameko. Two on the same pair share its database."""

    def __init__(self, pair: Pair, folder: Path, **overrides: Any) -> None:
        self.clock = SteppedClock()
        self.referrals = ReferralsNearby()
        self.settings = self._settings(pair, folder, overrides)
        self.runtime = Runtime("notifications", metadata, Resources(self.settings, self.clock))
        self.store = self.runtime.store
        migrated(self.store.database, MIGRATIONS)
        self.inbox = Inbox(self.store, HANDLERS, self.runtime.metrics)
        self.sender = self.sender_with(*carriers_for(self.settings))

    def _settings(self, pair: Pair, folder: Path, overrides: dict[str, Any]) -> Settings:
        given = {"agency_mail": {"families-apart": "agency@example.org"}, **overrides}
        return replace(settings_for(pair, folder), referrals_url=self.referrals.url, **given)

    def sender_with(self, *carriers: Carrier) -> Sender:
        return Sender(self.store, carriers, Recipients(self.runtime.resources), dict(TEMPLATES))

    def take(self, *bodies: bytes) -> None:
        self.inbox.take(bodies)

    def rows(self) -> list[Any]:
        """Every delivery, in the order of templates."""
        with self.store.reading() as connection:
            return list(connection.execute(select(deliveries).order_by(deliveries.c.template)).all())

    def row(self) -> Any:
        (row,) = self.rows()
        return row

    def published(self) -> list[dict[str, Any]]:
        """What the service said, envelope and all."""
        outbox = metadata.tables["outbox"]
        with self.store.reading() as connection:
            return [orjson.loads(body) for body in connection.execute(select(outbox.c.body)).scalars()]

    def mails(self) -> list[EmailMessage]:
        """The e-mails that were written as files."""
        paths = sorted((self.settings.data / "outbox").glob("*.eml"))
        return [email.message_from_bytes(path.read_bytes(), EmailMessage, policy=default) for path in paths]

    def close(self) -> None:
        self.referrals.stop()
        self.store.database.close()


def body_of(schema: type[EventSchema], data: dict[str, Any], event_id: str | None = None) -> bytes:
    """The bytes of an event as they come from the broker."""
    event_id = event_id or new_id()
    event = Event(
        event_id, "urn:waypost:test", schema.type(), data["referral_id"], WRITTEN_AT, 1, "correlation-1", None, data
    )
    return write(schema_for(schema), event)


def submitted(referral_id: str = "referral-1", reference: str = REFERENCE, **changes: Any) -> bytes:
    nowhere = {"place": None, "basis": "not-given"}
    data = {
        "referral_id": referral_id,
        "reference": reference,
        "kind": "family-support",
        "referrer_type": "school",
        "received_on": date(2026, 11, 20),
        "home": {"place": "E09000021", "basis": "home"},
        "borough": nowhere,
        "children": [],
        "consent_scope": ["families-apart"],
        "chosen_agencies": [],
        "data_releases": {},
        **changes,
    }
    return body_of(ReferralSubmitted, data)


def routed(referral_id: str = "referral-1", agency: str = "families-apart", kind: str = "consultation") -> bytes:
    """A consultation has no family that would hear of it; a referral has."""
    data = {
        "referral_id": referral_id,
        "reference": REFERENCE,
        "kind": kind,
        "agency": agency,
        "task_id": "task-1",
        "children": ["child-1"],
        "acknowledge_by": date(2026, 11, 24),
        "decide_by": date(2026, 11, 27),
        "contact_by": date(2026, 12, 4),
        "link": "https://agencies.example.org/v1/tasks/task-1",
    }
    return body_of(ReferralRouted, data)


def information_requested(referral_id: str = "referral-1") -> bytes:
    data = {"referral_id": referral_id, "items": ["school"], "agencies": ["families-apart"]}
    return body_of(InformationRequested, data)


def under_review(referral_id: str = "referral-1") -> bytes:
    return body_of(ReferralUnderReview, {"referral_id": referral_id, "reasons": ["several-agencies"], "agencies": []})


def not_eligible(referral_id: str = "referral-1") -> bytes:
    return body_of(ReferralNotEligible, {"referral_id": referral_id, "reasons": ["none"], "signposts": []})


def withdrawn(referral_id: str = "referral-1") -> bytes:
    return body_of(ReferralWithdrawn, {"referral_id": referral_id, "reason": "family-changed-mind"})


def said(schema: type[EventSchema], **data: Any) -> bytes:
    """An event about `referral-1`, out of the golden sample's fields."""
    sample = orjson.loads((SAMPLES / f"{schema.type()}.json").read_bytes())["data"]
    loaded = schema_for(schema).load({**sample, "referral_id": "referral-1", **data})
    return body_of(schema, loaded)


def task_cancelled(referral_id: str = "referral-1", agency: str = "families-apart") -> bytes:
    data = {"referral_id": referral_id, "agency": agency, "task_id": "task-1", "reason": "withdrawn"}
    return body_of(TaskCancelled, data)
