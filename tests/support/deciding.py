"""Eligibility and routing without nameko, and beside them the events that `referrals` would have written.

part = Part(pair, folder, RoutingService, HANDLERS)
family = Family()
part.take(family.submitted(home="E09000021", consent=["families-apart"]))
"""

import inspect
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from shared.contracts.envelope import Event, EventSchema, read, write
from shared.contracts.referrals import (
    ConsentExpired,
    ConsentGiven,
    ConsentWithdrawn,
    ReferralAmended,
    ReferralClosed,
    ReferralEnteredInError,
    ReferralReopened,
    ReferralSubmitted,
    ReferralWithdrawn,
)
from shared.contracts.registry import EVENTS, schema_for
from shared.ids import new_id
from shared.messaging.inbox import Handlers, Inbox
from shared.messaging.runtime import Runtime
from shared.references import new_reference
from tests.support.pairs import Pair, default_pair, scale_pair
from tests.support.parts import SteppedClock, runtime_for
from tests.support.schema import migrated

WRITTEN_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
READABLE = {schema.type(): schema_for(schema) for schema in EVENTS}

KINGSTON, RICHMOND, ELMBRIDGE = "E09000021", "E09000027", "E07000207"
LIVERPOOL, HALTON, HULL = "E08000012", "E06000006", "E06000010"


def place(code: str | None, basis: str = "postcode") -> dict[str, Any]:
    return {"place": code, "basis": basis if code else "not-given"}


def child(age: int = 9, school: str | None = None, practice: str | None = None) -> dict[str, Any]:
    """A child by age, with where school and practice are; the id tells nothing."""
    return {"id": new_id(), "age": age, "school": place(school, "urn"), "practice": place(practice, "ods")}


PAIRS = ["default", "scale"]


def pair_in(request: pytest.FixtureRequest, folder: Path) -> Pair:
    """The pair that `request.param` names, for a fixture that lives longer than one test."""
    if request.param == "default":
        return default_pair(folder)
    return scale_pair(request.getfixturevalue("postgres"), request.getfixturevalue("rabbitmq"))


class Family:
    """One referral as `referrals` tells of it, event by event, numbered as it numbers them."""

    def __init__(self) -> None:
        self.id = new_id()
        self.reference = new_reference()
        self.sequence = 0

    def submitted(self, **about: Any) -> bytes:
        """A school refers a child of nine whose parent is sentenced; `about` says what is different."""
        return self._facts(ReferralSubmitted, about)

    def amended(self, **about: Any) -> bytes:
        return self._facts(ReferralAmended, about)

    def withdrawn(self) -> bytes:
        return self._event(ReferralWithdrawn, {"reason": "family-changed-mind"})

    def reopened(self, **about: Any) -> bytes:
        return self._facts(ReferralReopened, about, reason="more-is-known")

    def closed(self) -> bytes:
        return self._event(ReferralClosed, {"reason": "tasks-ended"})

    def entered_in_error(self) -> bytes:
        return self._event(ReferralEnteredInError, {"reason": "wrong-family"})

    def consent_expired(self, *scope: str) -> bytes:
        """`scope` is what consent covered until then."""
        return self._event(ConsentExpired, {"consent_id": new_id(), "scope": list(scope)})

    def consent_given(self, *scope: str) -> bytes:
        return self._event(ConsentGiven, {"consent_id": new_id(), "scope": list(scope)})

    def consent_withdrawn(self, *scope: str) -> bytes:
        """`scope` is what consent covered until then."""
        return self._event(ConsentWithdrawn, {"consent_id": new_id(), "scope": list(scope)})

    def _facts(self, schema: type[EventSchema], about: dict[str, Any], **more: Any) -> bytes:
        given = {
            "kind": "family-support",
            "referrer_type": "school",
            "relationship": "parent",
            "stage": "sentenced",
            "months": None,
            "home": None,
            "borough": None,
            "children": [child()],
            "consent": ["families-apart", "time-matters"],
            "chosen": [],
            "duplicates": [],
        } | about
        months = given["months"]
        return self._event(
            schema,
            {
                "reference": self.reference,
                "kind": given["kind"],
                "referrer_type": given["referrer_type"],
                "received_on": date(2026, 11, 20),
                "relationship": given["relationship"],
                "stage": given["stage"],
                "months_since_release": None if months is None else {"low": months, "high": months},
                "home": place(given["home"]),
                "borough": place(given["borough"]),
                "children": given["children"],
                "consent_scope": given["consent"],
                "chosen_agencies": given["chosen"],
                "data_releases": {"postcodes": "2026.1.1"},
                "possible_duplicates": given["duplicates"],
                **more,
            },
        )

    def _event(self, schema: type[EventSchema], data: dict[str, Any]) -> bytes:
        self.sequence += 1
        event_id = new_id()
        event = Event(
            id=event_id,
            source="urn:waypost:referrals",
            type=schema.type(),
            subject=self.id,
            time=WRITTEN_AT,
            sequence=self.sequence,
            correlation_id=event_id,
            causation_id=None,
            data={"referral_id": self.id, **data},
        )
        return write(schema_for(schema), event)


class Part:
    """One service on a pair: its migrated database and its inbox."""

    def __init__(self, pair: Pair, folder: Path, service: Any, handlers: Handlers) -> None:
        self.clock = SteppedClock()
        self.runtime: Runtime = runtime_for(pair, folder, service.name, service.metadata, self.clock)
        migrated(self.runtime.store.database, Path(inspect.getfile(service)).parent / "migrations")
        self.inbox = Inbox(self.runtime.store, handlers, self.runtime.metrics)

    def take(self, *bodies: bytes) -> None:
        """One batch."""
        self.inbox.take(bodies)

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """The rows of a table that hold these values."""
        found = self.runtime.metadata.tables[table]
        query = select(found).filter_by(**where).order_by(*found.primary_key.columns)
        with self.runtime.store.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def bodies(self, subject: str) -> list[bytes]:
        """What was written about a referral for the services, as bytes."""
        return [row["body"] for row in self.rows("outbox", subject=subject, audience=None)]

    def told(self, subject: str, audience: str | None = None) -> list[Event]:
        """What was written about a referral for the services, or for one agency."""
        return [read(row["body"], READABLE) for row in self.rows("outbox", subject=subject, audience=audience)]

    @property
    def failures(self) -> list[dict[str, Any]]:
        """What did not have its effect."""
        return [{name: row[name] for name in ("subject", "error", "place")} for row in self.rows("failures")]

    def close(self) -> None:
        self.runtime.store.database.close()
