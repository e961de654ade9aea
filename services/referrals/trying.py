"""A draft of the directory, run over the facts of past referrals: what would be decided otherwise, and why.

On the management listener, for operations: `POST /v1/directory/trials` looks at some referrals and says where to go on, so
that however many there are no request is long, and others have their turn in between. Nothing is stored and nothing is
decided. Facts are codes, districts and ages, and the answer has less: references, agencies, clauses.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import eventlet
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from services.referrals.tables import referrals
from shared.directory import Directory, DirectoryError
from shared.directory.compared import difference
from shared.directory.reader import read_again
from shared.http import problems
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.rules import facts_of

MOST = 500
TURN = 20
"""So many referrals are looked at before others have their turn."""


class TrialSchema(Schema):
    """A draft's files by name, and behind which referral to go on; empty begins."""

    files = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    after = fields.String(load_default="", validate=validate.Length(max=80))
    limit = fields.Integer(load_default=MOST, validate=validate.Range(1, MOST))


def answer_trial(runtime: Runtime, request: Request) -> dict[str, Any]:
    return try_out(runtime, request.load(TrialSchema()))


def try_out(runtime: Runtime, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Looks at the next referrals; `next` is None behind the last. Raises a 422 problem for a draft with mistakes."""
    try:
        draft = read_again(asked["files"])
    except DirectoryError as error:
        raise problems.invalid([problems.FieldError("/files", "not-usable", line) for line in error.problems]) from None
    live = runtime.resources.directory
    query = select(referrals.c.id, referrals.c.reference, referrals.c.facts).where(referrals.c.id > asked["after"])
    with runtime.store.reading() as connection:
        total = connection.execute(select(func.count()).select_from(referrals)).scalar_one()
        rows = connection.execute(query.order_by(referrals.c.id).limit(asked["limit"])).all()
    changes = []
    for number, row in enumerate(rows, start=1):
        change = _tried(row.facts, live, draft)
        if change:
            changes.append({"referral_id": row.id, "reference": row.reference, **change})
        if number % TURN == 0:
            eventlet.sleep(0)
    return {
        "live": live.version,
        "draft": draft.version,
        "total": total,
        "looked": len(rows),
        "erased": sum(not row.facts for row in rows),
        "changes": changes,
        "next": rows[-1].id if len(rows) == asked["limit"] else None,
    }


def _tried(data: Mapping[str, Any], live: Directory, draft: Directory) -> dict[str, Any] | None:
    """None where both directories answer the same, or nothing is known any more: the referral was erased."""
    if not data:
        return None
    facts, received_on, releases = facts_of(data), date.fromisoformat(data["received_on"]), data["data_releases"]
    return difference(live.assess(facts, received_on, releases), draft.assess(facts, received_on, releases))


ROUTES = (("POST", "/v1/directory/trials", answer_trial),)
