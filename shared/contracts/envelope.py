"""The envelope: CloudEvents 1.0, structured JSON, around the data of one event.

`write` makes the bytes that travel and are stored, once for each event. `read` takes any bytes and answers an Event or
raises Unreadable with a code; it never raises anything else and never repeats what it was given. What is about a made-up
referral (`is_rehearsal`) says so of itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError

from shared.contracts.fields import ID
from shared.contracts.quick import loader
from shared.tracing import checked

CONTENT_TYPE = "application/cloudevents+json"
LARGEST = 256 * 1024
REHEARSAL = "rehearsal-"
"""How the ids of referrals begin that an agency is rehearsed with: there is no family behind them."""
LARGEST_SEQUENCE = 2**31 - 1
_ID = re.compile(ID)
_SOURCE = re.compile(r"[!-~]{1,200}")
_TYPE = re.compile(r"(?=.{1,120}\Z)[a-z0-9]+(?:[.-][a-z0-9]+)*")


class EventSchema(Schema):
    """The data of one version of one event. Readers ignore fields that they do not know."""

    PRODUCER: ClassVar[str]
    FACT: ClassVar[str]
    VERSION: ClassVar[int] = 1

    class Meta:
        unknown = EXCLUDE

    @classmethod
    def type(cls) -> str:
        """`uk.waypost.<producer>.<fact>.v<N>`: also the routing key."""
        return f"uk.waypost.{cls.PRODUCER}.{cls.FACT}.v{cls.VERSION}"


@dataclass(slots=True)
class Event:
    """One event as a handler sees it; `data` is loaded by its schema when the reader knows the type, else as it came.

    Not frozen, which would make making one take five times as long: nothing but its `sequence`, at the writing, is changed.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    correlation_id: str
    causation_id: str | None
    data: dict[str, Any]
    traceparent: str | None = None


class Unreadable(Exception):
    """Bytes that are no event of ours. `code` says what is wrong, in a fixed vocabulary."""

    def __init__(self, code: str, event_id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.event_id = event_id


_loader = cache(loader)


def is_rehearsal(subject: str) -> bool:
    """Whether a referral is made up, for an agency to be rehearsed with."""
    return subject.startswith(REHEARSAL)


def write(schema: EventSchema, event: Event) -> bytes:
    """The bytes of `event`. Raises ValidationError when its data breaks its own contract: a mistake of ours, found early."""
    # Loaded as a reader would: what breaks the contract raises, what the contract does not name stays behind.
    data = _loader(schema)(orjson.loads(orjson.dumps(event.data, default=list)))
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"urn:waypost:schema:{event.type}",
        "sequence": f"{event.sequence:010d}",
        "correlationid": event.correlation_id,
        "data": data,
    }
    if event.causation_id:
        envelope["causationid"] = event.causation_id
    if event.traceparent:
        envelope["traceparent"] = event.traceparent
    if is_rehearsal(event.subject):
        envelope["rehearsal"] = True
    return orjson.dumps(envelope)


def read(body: bytes, schemas: Mapping[str, EventSchema]) -> Event:
    """The event in `body`, its data checked by the schema of its type in `schemas`; raises Unreadable."""
    if len(body) > LARGEST:
        raise Unreadable("too-large")
    try:
        envelope = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise Unreadable("not-json") from None
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise Unreadable("not-a-cloudevent")
    texts: list[Any] = [envelope.get(name) for name in ("id", "source", "type", "subject")]
    event_id, source, kind, subject = texts
    # Stored and logged as they are, so none may hold what a person wrote, or what a database would not take.
    if not (_fits(_ID, event_id) and _fits(_SOURCE, source) and _fits(_TYPE, kind) and _fits(_ID, subject)):
        raise Unreadable("envelope-incomplete")
    try:
        time, sequence = _time_and_sequence(envelope)
    except (KeyError, TypeError, ValueError):
        raise Unreadable("envelope-incomplete", event_id) from None
    data: Any = envelope.get("data")
    schema = schemas.get(kind)
    if schema is not None:
        try:
            data = _loader(schema)(data)
        except (ValidationError, TypeError, RecursionError):
            raise Unreadable("data-breaks-contract", event_id) from None
    return Event(
        id=event_id,
        source=source,
        type=kind,
        subject=subject,
        time=time,
        sequence=sequence,
        correlation_id=envelope["correlationid"] if _fits(_ID, envelope.get("correlationid")) else event_id,
        causation_id=envelope["causationid"] if _fits(_ID, envelope.get("causationid")) else None,
        data=data if isinstance(data, dict) else {},
        traceparent=checked(envelope.get("traceparent")),
    )


def _fits(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _time_and_sequence(envelope: Mapping[str, Any]) -> tuple[datetime, int]:
    time, sequence = datetime.fromisoformat(envelope["time"]), int(envelope.get("sequence", "0"))
    if time.tzinfo is None or not 0 <= sequence <= LARGEST_SEQUENCE:
        raise ValueError
    return time, sequence
