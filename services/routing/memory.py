"""Routing's rows, and what they mean: what is known of a referral, its last decision, its tasks.

Whoever reads a referral here holds its row until the transaction ends, so no two events decide on it side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from services.routing.domain import Decision, Known, Outcome, Ruling, Task
from services.routing.domain.decision import REVIEWING
from services.routing.tables import referrals, tasks
from shared.database.rows import insert_or, update_rows
from shared.messaging.transaction import Transaction

# Made once: SQLAlchemy takes longer to make a statement than PostgreSQL takes to answer it.
_REFERRAL = select(referrals).where(referrals.c.referral_id == bindparam("referral")).with_for_update()
_OF_A_TASK = ("id", "agency", "state", "children", "reason", "round", "asked_sequence", "held_from")
_TASKS = (
    select(*(tasks.c[name] for name in _OF_A_TASK))
    .where(tasks.c.referral_id == bindparam("referral"))
    .order_by(tasks.c.id)
)


@dataclass(frozen=True)
class Memory:
    """What is stored of a referral; `stored` is False when it was not heard of before."""

    known: Known
    decision: Decision | None
    tasks: tuple[Task, ...]
    stored: bool
    asked: bool = True
    """False where nobody has looked: whether it is there is found as it is written."""


UNHEARD = Memory(Known(), None, (), stored=False, asked=False)


def recall(transaction: Transaction, referral_id: str) -> Memory:
    """What is known of a referral, its row locked where there is one."""
    added = transaction.added(referrals, referral_id)
    if added is not None and added["decision"] is None:
        # This transaction heard of it first: it has all there is to know, and nobody else sees the row.
        return Memory(_known(added), None, (), stored=True)
    connection = transaction.about(referral_id)
    row = connection.execute(_REFERRAL, {"referral": referral_id}).mappings().first()
    return Memory(Known(), None, (), stored=False) if row is None else read_memory(connection, row)


def read_memory(connection: Connection, row: Mapping[Any, Any]) -> Memory:
    """What a row of `referrals` means, with its tasks."""
    decision = _decision(row["decision"])
    # Tasks follow decisions, so before the first there is nothing to ask for.
    found = _tasks(connection, row["referral_id"]) if decision else ()
    return Memory(_known(row), decision, found, stored=True)


def remember(
    transaction: Transaction, referral_id: str, known: Known, decision: Decision | None, before: Memory
) -> bool:
    """Stores what is known now. False when another transaction stored the referral first: recall it and begin again."""
    row = {
        "referral_id": referral_id,
        "reference": known.reference,
        "kind": known.kind,
        "chosen": list(known.chosen),
        "facts_sequence": known.facts_sequence,
        "scope": sorted(known.scope),
        "scope_sequence": known.scope_sequence,
        "outcomes": [vars(outcome) for outcome in known.outcomes],
        "assessed_sequence": known.assessed_sequence,
        "ended": known.ended,
        "ended_sequence": known.ended_sequence,
        "round": known.round,
        "duplicates": sorted(known.duplicates),
        "ruling": vars(known.ruling) | {"duplicates": sorted(known.ruling.duplicates)} if known.ruling else None,
        "decision": vars(decision) if decision else None,
        "review": decision.codes[0] if decision and decision.status == REVIEWING else None,
        "changed_at": transaction.now,
    }
    if before.stored:
        added = transaction.added(referrals, referral_id)
        if added is not None:
            added.update(row)
        else:
            update_rows(transaction.connection, referrals, [row])
        return True
    if not before.asked:
        transaction.insert(referrals, **row)
        return True
    return bool(insert_or(transaction.connection, referrals, [row], "DO NOTHING", "referral_id"))


def _known(row: Mapping[Any, Any]) -> Known:
    return Known(
        reference=row["reference"],
        kind=row["kind"],
        chosen=tuple(row["chosen"]),
        facts_sequence=row["facts_sequence"],
        scope=frozenset(row["scope"]),
        scope_sequence=row["scope_sequence"],
        outcomes=tuple(_outcome(data) for data in row["outcomes"]),
        assessed_sequence=row["assessed_sequence"],
        ended=row["ended"],
        ended_sequence=row["ended_sequence"],
        round=row["round"],
        duplicates=frozenset(row["duplicates"]),
        ruling=_ruling(row["ruling"]),
    )


def _outcome(data: Mapping[str, Any]) -> Outcome:
    # What was stored before persons decided has no `possible`.
    children, missing = tuple(data["children"]), tuple(data["missing"])
    possible = tuple(data.get("possible", children))
    return Outcome(data["agency"], data["outcome"], children, missing, possible, receipt=data["receipt"])


def _ruling(data: Mapping[str, Any] | None) -> Ruling | None:
    return Ruling(**{**data, "duplicates": frozenset(data["duplicates"])}) if data else None


def _decision(data: Mapping[str, Any] | None) -> Decision | None:
    if not data:
        return None
    return Decision(data["status"], tuple(data["agencies"]), tuple(data["codes"]), tuple(data["basis"]))


def _tasks(connection: Connection, referral_id: str) -> tuple[Task, ...]:
    rows = connection.execute(_TASKS, {"referral": referral_id}).all()
    return tuple(
        Task(id_, agency, state, tuple(children), reason, round_, asked_at, held_from)
        for id_, agency, state, children, reason, round_, asked_at, held_from in rows
    )
