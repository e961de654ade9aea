"""One-time codes: whoever follows a referral proves that a message reaches them, and is given a pass.

Six digits that work for fifteen minutes, for five tries and once. A code is worked out from its row's random id by the
installation's key: it stands in no row, no event and no log. Who asks about a reference that does not exist is answered in
the same words, after the same time, and asked for a code that there is not.
"""

import hmac
import time
from datetime import datetime, timedelta
from typing import Any

import eventlet
from sqlalchemy import delete, func, select, update

from services.referrals import forms
from services.referrals.domain import ERASED
from services.referrals.known import Known
from services.referrals.passes import LONGEST, issue
from services.referrals.tables import access_codes as table
from services.referrals.tables import referrals
from shared.contracts.referrals import CodeRequested
from shared.http import problems
from shared.http.limits import RateLimit
from shared.http.problems import FieldError
from shared.ids import new_id
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring
from shared.references import read_reference

GOOD_FOR = timedelta(minutes=15)
MOST_TRIES = 5
MOST_AN_HOUR, MOST_A_DAY = 3, 10
"""Codes for one reference, whether it exists or not; more are not sent, and that is not told."""
ADDRESS_AN_HOUR, CODE_BURST = 20, 10
ANSWERED_AFTER = 0.08  # seconds, longer than either way takes
KEPT = timedelta(days=2)

Json = dict[str, Any]
NOT_RIGHT = FieldError("/code", "wrong-code", "The code is wrong, too old, or was used. Ask for another.")
NOT_A_REFERENCE = FieldError("/reference", "not-a-reference", "Write a reference like 7KX-3FM-9QF.")


class AccessCodes:
    """One for each service in a process."""

    def __init__(self, store: Store, known: Known, burst: int = CODE_BURST) -> None:
        self._store = store
        self._known = known
        self._keyring: Keyring = store.resources.keyring
        self._addresses = RateLimit(ADDRESS_AN_HOUR / 3600, burst)

    def ask(self, raw: Any, address: str) -> Json:
        """Has a code sent, where there is somebody to send it to. The answer is the same in every case.

        Raises a 422 problem for what is no reference at all, 429 for an address that asks too often.
        """
        body = forms.ACCESS_CODE.read(raw, self._known, self._store.resources.clock.now())
        reference = read_reference(body["reference"])
        if reference is None:
            raise problems.invalid([NOT_A_REFERENCE])
        self._addresses.take(address)
        answer_at = time.monotonic() + ANSWERED_AFTER
        asked = self._store.together(lambda transaction: self._asked(transaction, reference, body["role"]))
        eventlet.sleep(max(0.0, answer_at - time.monotonic()))
        return {"id": asked, "minutes": int(GOOD_FOR.total_seconds() // 60)}

    def redeem(self, raw: Any) -> Json:
        """A pass for a code; raises a 422 problem for any code that is not right, and never says why."""
        body = forms.ACCESS.read(raw, self._known, self._store.resources.clock.now())
        typed = "".join(sign for sign in body["code"] if sign not in " -")
        given: Json | None = self._store.together(lambda transaction: self._redeemed(transaction, body["id"], typed))
        if given is None:
            raise problems.invalid([NOT_RIGHT])
        return given

    def _asked(self, transaction: Transaction, reference: str, role: str) -> str:
        now, who = transaction.now, self._keyring.blind_index("access code", reference, role)
        # The row is held, so that many who ask at once are counted one after the other.
        row = transaction.execute(
            select(referrals.c.id)
            .where(referrals.c.reference == reference, referrals.c.status != ERASED)
            .with_for_update()
        ).first()
        transaction.execute(delete(table).where(table.c.asked_at < now - KEPT))
        mine = select(func.count()).where(table.c.who == who)
        hour = transaction.execute(mine.where(table.c.asked_at > now - timedelta(hours=1))).scalar_one()
        day = transaction.execute(mine.where(table.c.asked_at > now - timedelta(days=1))).scalar_one()
        if hour >= MOST_AN_HOUR or day >= MOST_A_DAY:
            return self._newest(transaction, who)
        asked = new_id()
        if row is not None:
            data = {"referral_id": row.id, "reference": reference, "audience": role}
            asked = transaction.publish(CodeRequested, row.id, data)
        transaction.insert(
            table,
            id=asked,
            who=who,
            referral_id=row.id if row else None,
            role=role,
            asked_at=now,
            tries=0,
            used_at=None,
        )
        return asked

    def _newest(self, transaction: Transaction, who: str) -> str:
        """The code that was sent last still works where the next is not sent."""
        wanted = select(table.c.id).where(table.c.who == who).order_by(table.c.asked_at.desc()).limit(1)
        return str(transaction.execute(wanted).scalar_one())

    def _redeemed(self, transaction: Transaction, asked: str, typed: str) -> Json | None:
        row = transaction.execute(select(table).where(table.c.id == asked).with_for_update()).first()
        if row is None or not is_alive(row, transaction.now):
            return None
        mine = update(table).where(table.c.id == asked)
        right = hmac.compare_digest(code_of(self._keyring, asked).encode(), typed.encode())
        if row.referral_id is None or not right:
            transaction.execute(mine.values(tries=row.tries + 1))
            return None
        transaction.execute(mine.values(used_at=transaction.now))
        return {
            "token": issue(transaction, row.referral_id, row.role),
            "referral_id": row.referral_id,
            "role": row.role,
            "expires_at": transaction.now + LONGEST,
        }


def code_to_send(transaction: Transaction, asked: str, referral_id: str, role: str) -> str | None:
    """The code of an event `code.requested`, for the message to this reader; None when it works no more."""
    wanted = select(table).where(table.c.id == asked, table.c.referral_id == referral_id, table.c.role == role)
    row = transaction.execute(wanted).first()
    if row is None or not is_alive(row, transaction.now):
        return None
    return code_of(transaction.resources.keyring, asked)


def is_alive(row: Any, now: datetime) -> bool:
    return row.used_at is None and row.tries < MOST_TRIES and now < row.asked_at + GOOD_FOR


def code_of(keyring: Keyring, asked: str) -> str:
    """Six digits that nobody without the key can work out from the id."""
    return f"{int(keyring.blind_index('access code digits', asked), 16) % 1_000_000:06}"
