"""Disclosure: what an agency is shown of a family, asked by `routing` for each look anew and answered from what holds now.

The referral's row is held while it is answered, so a look comes either before a withdrawal or after it, never across it.
Each look is written down with who looked, for which task and at what; one that is refused too, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, validate
from marshmallow.fields import String
from sqlalchemy import Row, select

from services.referrals.intake import note
from services.referrals.reading import look
from services.referrals.shown import parts_of, shown_to_agency
from services.referrals.stored import consent_of, data_key, opened
from services.referrals.tables import looks, referrals
from shared.contracts import fields
from shared.http import problems
from shared.http.problems import Problem
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

Json = dict[str, Any]

SHOWN = "shown"
_ENDED = {
    "withdrawn": "referral-withdrawn",
    "entered-in-error": "referral-entered-in-error",
    "closed": "referral-closed",
    "erased": "erased",
}


class DisclosureQuery(Schema):
    """Who asks: the agency, its task, who at the agency; and the children that the task covers, with commas."""

    agency = fields.Code(required=True)
    task = fields.Id(required=True)
    by = fields.Id(required=True)
    children = String(load_default="", validate=validate.Regexp(r"^[A-Za-z0-9,-]{0,600}$"))


_QUERY = DisclosureQuery()


@dataclass(frozen=True)
class _Look:
    """One look; `agency` and `task` are ids, `by` who looks, `children` the ids that the task covers."""

    agency: str
    task: str
    by: str
    children: str


def disclosure(store: Store, referral_id: str, arguments: Mapping[str, str]) -> Json:
    """`contracts.disclosure.Disclosed`; raises 400, 404, and 410 with the reason's code where consent does not allow it."""
    try:
        asked = _Look(**_QUERY.load(dict(arguments)))
    except ValidationError:
        raise problems.bad_request("bad-question", "Ask with agency, task, by and children") from None
    answer = store.together(lambda transaction: _answer(transaction, referral_id, asked))
    if isinstance(answer, Problem):
        raise answer
    shown: Json = answer
    return shown


def _answer(transaction: Transaction, referral_id: str, asked: _Look) -> Json | Problem:
    """A refusal is answered, not raised: it must be committed to be on record."""
    keyring = transaction.resources.keyring
    row = transaction.execute(select(referrals).where(referrals.c.id == referral_id).with_for_update()).first()
    if row is None:
        return problems.not_found()
    refusal = _refusal(transaction, row, asked.agency)
    if refusal is None and data_key(transaction, row.id, keyring) is None:
        refusal = "erased"
    if refusal is not None:
        _record(transaction, row.id, asked, refusal, [])
        return Problem(410, refusal, "This referral can no longer be shown")
    shown = shown_to_agency(opened(transaction, row, keyring), asked.children.split(","))
    _tell_referrer(transaction, row.id, asked)
    _record(transaction, row.id, asked, SHOWN, parts_of(shown))
    return shown


def _refusal(transaction: Transaction, row: Row[Any], agency: str) -> str | None:
    if row.status in _ENDED:
        return _ENDED[row.status]
    if row.kind == "consultation":
        return None
    consent = consent_of(transaction, row.id)
    return consent.refusal(agency) if consent else "consent-not-given"


def _tell_referrer(transaction: Transaction, referral_id: str, asked: _Look) -> None:
    """The first look for a task stands in the timeline. The row that is held keeps it to one."""
    before = select(looks.c.id).where(
        looks.c.referral_id == referral_id, looks.c.task_id == asked.task, looks.c.outcome == SHOWN
    )
    if transaction.execute(before.limit(1)).first() is None:
        note(transaction, referral_id, "looked", {"agency": asked.agency, "task_id": asked.task}, new_id())


def _record(transaction: Transaction, referral_id: str, asked: _Look, outcome: str, parts: list[str]) -> None:
    look(transaction, referral_id, asked.by, "disclosure", asked.agency, asked.task, outcome, parts)
