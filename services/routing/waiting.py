"""Referrals that wait for room: decided again when an agency has opened.

Each in a transaction of its own. The agency's mark goes when all have been decided, and only if it has not spoken again
since; so whoever is stopped in between begins anew, and deciding twice does no harm.
"""

from collections.abc import Iterator

import structlog
from sqlalchemy import bindparam, or_, select, update

from services.routing.capacity import end_what_is_over
from services.routing.deciding import decide_again
from services.routing.domain.decision import NO_CAPACITY
from services.routing.tables import capacities, referrals
from services.routing.tasking import ACTOR
from shared.clock import london_date
from shared.logs import place_of
from shared.messaging.store import Store

BATCH = 100
_OPENED = select(capacities).where(capacities.c.decide_again)
_CHANGED = select(capacities).where(or_(capacities.c.decide_again, capacities.c.until < bindparam("today")))

log = structlog.get_logger(__name__)


def decide_waiting(store: Store) -> int:
    """How many were decided."""
    today = london_date(store.resources.clock.now())
    with store.reading() as connection:
        changed = connection.execute(_CHANGED, {"today": today}).all()
    if not changed:
        return 0
    if any(row.until is not None and row.until < today for row in changed):
        with store.writing() as transaction:
            end_what_is_over(transaction, ACTOR)
    with store.reading() as connection:
        opened = connection.execute(_OPENED).all()
    decided = 0
    for row in opened:
        for referral_id in _waiting(store):
            _decide(store, referral_id)
            decided += 1
        mine = (capacities.c.agency == row.agency, capacities.c.changed_at == row.changed_at)
        with store.writing() as transaction:
            transaction.execute(update(capacities).where(*mine).values(decide_again=False))
    return decided


def _waiting(store: Store) -> Iterator[str]:
    query = select(referrals.c.referral_id).where(referrals.c.review == NO_CAPACITY).order_by(referrals.c.referral_id)
    after = ""
    while True:
        with store.reading() as connection:
            found = connection.execute(query.where(referrals.c.referral_id > after).limit(BATCH)).scalars().all()
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1]


def _decide(store: Store, referral_id: str) -> None:
    """One that cannot be decided stays under review, where a person sees it, and keeps no other waiting."""
    try:
        with store.writing() as transaction:
            decide_again(transaction, referral_id)
    except Exception as error:
        log.warning("referral.not-decided", subject=referral_id, error=type(error).__name__, place=place_of(error))
