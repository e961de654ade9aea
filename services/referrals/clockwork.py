"""What time alone does to a referral: agreement that never comes is reminded and given up, agreement that runs out ends.

Any number of replicas may do it at once: each takes rows that no other holds, and moves them on in the commit that tells.
"""

from typing import Any

from sqlalchemy import Row, select, update

from services.referrals.domain import next_state
from services.referrals.intake import note
from services.referrals.period import clock_of, given_up_on, is_given_up, next_step
from services.referrals.stored import consent_of
from services.referrals.tables import consents, referrals
from shared.contracts.referrals import ConsentAwaited, ConsentExpired, ReferralClosed
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

ROLE = "waypost"
BATCH = 100


def do_what_is_due(store: Store, most: int = BATCH) -> int:
    """Does one batch of at most `most` referrals whose time has come; answers how many there were."""
    due = (
        select(referrals)
        .where(referrals.c.clock_due_at <= store.resources.clock.now())
        .order_by(referrals.c.clock_due_at)
        .limit(most)
    )
    with store.reading() as connection:
        if connection.execute(due.limit(1)).first() is None:
            return 0
    with store.writing() as transaction:
        rows = transaction.execute(due.with_for_update(skip_locked=True)).all()
        for row in rows:
            _advance(transaction, row)
    return len(rows)


def _advance(transaction: Transaction, row: Row[Any]) -> None:
    if row.status != "awaiting-consent":
        _expire(transaction, row)
    elif is_given_up(row.awaiting_since, transaction.now):
        _give_up(transaction, row)
    else:
        _remind(transaction, row)


def _remind(transaction: Transaction, row: Row[Any]) -> None:
    closes_on = given_up_on(row.awaiting_since)
    data = {"referral_id": row.id, "reference": row.reference, "closes_on": closes_on}
    event_id = transaction.publish(ConsentAwaited, row.id, data)
    note(transaction, row.id, "consent-awaited", {"closes_on": closes_on.isoformat()}, event_id)
    _set(transaction, row, clock_due_at=next_step(row.awaiting_since, transaction.now))


def _give_up(transaction: Transaction, row: Row[Any]) -> None:
    reason = {"reason": "consent-never-given"}
    event_id = transaction.publish(ReferralClosed, row.id, {"referral_id": row.id, **reason})
    note(transaction, row.id, "closed", reason, event_id)
    status = next_state(row.status, "give-up", ROLE, row.kind)
    _set(transaction, row, status=status, awaiting_since=None, clock_due_at=None)


def _expire(transaction: Transaction, row: Row[Any]) -> None:
    """Where the referral has ended, or another agreement was given since, there is nothing to do but to stop looking."""
    status = next_state(row.status, "await-consent", ROLE, row.kind)
    consent = consent_of(transaction, row.id)
    if status is None or consent is None or not consent.has_run_out:
        _set(transaction, row, clock_due_at=None)
        return
    record = {
        "id": new_id(),
        "referral_id": row.id,
        "kind": "expired",
        "scope": list(consent.covered),
        "recorded_at": transaction.now,
        "recorded_by": ROLE,
        "given_at": None,
        "given_by": None,
        "method": None,
        "wording_version": None,
        "child_view": None,
        "expires_on": consent.row["expires_on"],
        "sealed": None,
    }
    transaction.insert(consents, **record)
    data = {"referral_id": row.id, "consent_id": record["id"], "scope": record["scope"]}
    event_id = transaction.publish(ConsentExpired, row.id, data)
    note(transaction, row.id, "consent-expired", {"agencies": record["scope"]}, event_id)
    _set(transaction, row, status=status, **clock_of(status, transaction.now, None))


def _set(transaction: Transaction, row: Row[Any], **values: Any) -> None:
    transaction.execute(update(referrals).where(referrals.c.id == row.id).values(**values))
