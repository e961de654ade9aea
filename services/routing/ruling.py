"""A person's ruling on a referral for which no rule can decide: what it would bring about, and carrying it out.

A ruling needs a reason, which is sealed; who ruled is in the audit table. Nobody can send a referral to an agency that
consent does not cover. Who names the `basis` that they saw is refused once facts or consent have changed since.
"""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from services.routing.capacity import CLOSED, capacities
from services.routing.deciding import decide_again
from services.routing.domain.decision import REVIEWING, may_route
from services.routing.domain.knowledge import ROUTE, RULINGS
from services.routing.domain.planning import of_this_round, plan, said_no
from services.routing.memory import Memory, read_memory, recall
from services.routing.tables import referrals, rulings
from shared.audit.record import record
from shared.http import problems
from shared.ids import new_id
from shared.messaging.store import Store

NAME = validate.Length(1, 80)


class OutlookSchema(Schema):
    """What a person may decide: `route` names the agency, `decide-again` says that what was in question is settled."""

    decision = fields.String(required=True, validate=validate.OneOf(RULINGS))
    agency = fields.String(load_default=None, allow_none=True, validate=NAME)


class RulingSchema(OutlookSchema):
    """What a person decides, who that is, and why."""

    actor = fields.String(required=True, validate=NAME)
    reason = fields.String(required=True, validate=validate.Length(3, 500))
    basis = fields.List(fields.Integer(), load_default=None, allow_none=True, validate=validate.Length(equal=2))


def rule(store: Store, referral_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Carries a person's decision out; answers where the referral now stands. Raises problems: 404, 409, 422."""
    decision, agency = asked["decision"], _agency(asked)
    with store.writing() as transaction:
        memory = recall(transaction, referral_id)
        _require(memory, agency, asked.get("basis"))
        ruling_id = new_id()
        transaction.insert(
            rulings,
            id=ruling_id,
            referral_id=referral_id,
            at=transaction.now,
            actor=asked["actor"],
            decision=decision,
            agency=agency,
            reason=store.resources.keyring.seal(f"ruling {ruling_id}", asked["reason"].encode()),
        )
        stands = decide_again(transaction, referral_id, lambda known: known.with_ruling(decision, agency))
        record(transaction, asked["actor"], f"review.{decision}", referral_id, f"ruling {ruling_id}")
    assert stands is not None
    return {"status": stands.status, "agencies": list(stands.agencies), "codes": list(stands.codes)}


def foresee(store: Store, referral_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What the ruling would bring about, were it made now. Changes nothing; raises what `rule` raises."""
    agency = _agency(asked)
    with store.reading() as connection:
        row = connection.execute(select(referrals).where(referrals.c.referral_id == referral_id)).mappings().first()
        if row is None:
            raise problems.not_found()
        memory = read_memory(connection, row)
        _require(memory, agency)
        room = capacities(connection, store.resources)
    known = memory.known.with_ruling(asked["decision"], agency)
    changes = plan(known, memory.tasks, memory.decision)
    full = frozenset(each for each, capacity in room.items() if capacity.state == CLOSED)
    if full.intersection(changes.request):
        changes = plan(known, memory.tasks, memory.decision, full)
    stands = changes.decision
    assert stands is not None
    return {
        "status": stands.status,
        "agencies": list(stands.agencies),
        "codes": list(stands.codes),
        "asks": list(changes.request),
        "takes_back": [task.agency for task, _ in changes.cancel],
        "basis": basis(memory),
    }


def may_route_to(memory: Memory) -> list[str]:
    """The agencies that a person may send the referral to."""
    no = said_no(of_this_round(memory.known, memory.tasks))
    return [each.agency for each in memory.known.outcomes if may_route(memory.known, each.agency, no)]


def basis(memory: Memory) -> list[int]:
    """By which facts and which consent the referral is known: their sequences."""
    return [memory.known.facts_sequence, memory.known.scope_sequence]


def _agency(asked: dict[str, Any]) -> str | None:
    """The agency of a ruling that names one."""
    if asked["decision"] != ROUTE:
        return None
    if asked["agency"] is None:
        raise problems.invalid([problems.FieldError("/agency", "required", "Name the agency.")])
    return str(asked["agency"])


def _require(memory: Memory, agency: str | None, seen: list[int] | None = None) -> None:
    """Raises a problem unless a person may rule so on it now."""
    if not memory.stored:
        raise problems.not_found()
    if memory.decision is None or memory.decision.status != REVIEWING or not memory.known.is_complete:
        raise problems.conflict("not-under-review", "The referral does not wait for a person")
    if seen is not None and seen != basis(memory):
        raise problems.conflict("changed-meanwhile", "Facts or consent have changed since you looked")
    if agency is not None and agency not in may_route_to(memory):
        allowed = ", ".join(may_route_to(memory)) or "nobody"
        raise problems.conflict("cannot-route-there", "The referral cannot go there", f"It can go to: {allowed}.")
