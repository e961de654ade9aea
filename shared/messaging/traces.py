"""What a service knows of one referral's way, for operations, on its management listener.

`GET  /v1/traces/<referral_id>`        what it wrote of the referral and when that was sent, and what it alone knows.
`POST /v1/traces/<referral_id>/taken`  what became here of `ids`: of events, when they were taken and after how many attempts,
                                       or why not; of those and of the referral, what people did.

Ids, codes and times. Of an event's data no more than codes is told, and of what people did no more than that they did it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from marshmallow import Schema, fields, validate
from sqlalchemy import Connection, Table, or_, select

from shared.audit.tables import audit
from shared.http.request import Request
from shared.messaging.desk import Routes
from shared.messaging.inbox import Handlers
from shared.messaging.parked import plain
from shared.messaging.runtime import Runtime

Known = Callable[[Connection, Runtime, str], dict[str, Any]]
"""What one service alone knows of a referral, by its id."""

MOST = 1000
"""Events of one referral that are told, the oldest first: many times what any has."""
_CODES = ("agency", "task_id", "state", "reason", "what", "audience", "channel", "template")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_WRITTEN = ("event_id", "type", "audience", "position", "written_at", "sent_at", "attempts", "problem")
_TAKEN = ("event_id", "taken_at", "attempts", "first_failed_at", "error", "given_up")
_FAILED = ("event_id", "type", "error", "place", "attempts", "first_failed_at", "failed_at", "due_at", "parked_at")


class TakenSchema(Schema):
    """Ids of events, and of whatever else people may have acted on, such as tasks."""

    ids = fields.List(fields.String(validate=validate.Length(1, 80)), required=True, validate=validate.Length(max=9000))


def routes(handlers: Handlers, known: Known) -> Routes:
    """The two routes, for a service's `Desk`; `handlers` are those of its inbox."""
    hears = sorted(schema.type() for schema in handlers)
    return (
        ("GET", "/v1/traces/<referral_id>", partial(_told, known)),
        ("POST", "/v1/traces/<referral_id>/taken", partial(_became, hears)),
    )


def told_columns(connection: Connection, query: Any) -> list[dict[str, Any]]:
    """Rows as JSON, under the names of their columns."""
    return [plain(row) for row in connection.execute(query)]


def _told(known: Known, runtime: Runtime, request: Request, referral_id: str) -> dict[str, Any]:
    outbox = runtime.metadata.tables["outbox"]
    written = select(outbox.c.body, *_named(outbox, _WRITTEN)).where(outbox.c.subject == referral_id)
    with runtime.store.reading() as connection:
        rows = connection.execute(written.order_by(outbox.c.sequence).limit(MOST)).all()
        return {"events": [_event(plain(row)) for row in rows], **known(connection, runtime, referral_id)}


def _became(hears: Sequence[str], runtime: Runtime, request: Request, referral_id: str) -> dict[str, Any]:
    ids = request.load(TakenSchema())["ids"]
    inbox, failures = runtime.metadata.tables["inbox"], runtime.metadata.tables["failures"]
    acts = select(audit.c.at, audit.c.actor, audit.c.action, audit.c.subject)
    # By their ids: the inbox is not indexed by what events are about, since it is written for each of them.
    mine = or_(failures.c.event_id.in_(ids), failures.c.subject == referral_id)
    with runtime.store.reading() as connection:
        return {
            "hears": hears,
            "taken": told_columns(connection, select(*_named(inbox, _TAKEN)).where(inbox.c.event_id.in_(ids))),
            "failures": told_columns(connection, select(*_named(failures, _FAILED)).where(mine)),
            "acts": told_columns(connection, acts.where(audit.c.subject.in_([referral_id, *ids])).order_by(audit.c.id)),
        }


def _named(table: Table, names: Sequence[str]) -> list[Any]:
    return [table.c[name] for name in names]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    envelope = orjson.loads(bytes(row.pop("body")))
    return row | {"cause": envelope.get("causationid"), "codes": _codes(envelope["data"])}


def _codes(data: Mapping[str, Any]) -> dict[str, str]:
    found = {name: data[name] for name in _CODES if isinstance(data.get(name), str)}
    return {name: value for name, value in found.items() if _CODE.fullmatch(value)}
