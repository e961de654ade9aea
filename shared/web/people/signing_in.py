"""The two steps by which somebody signs in: their pass phrase, then a code. A wrong one tells nothing of what was wrong.

An unknown address, a wrong phrase, a person who has to wait or has ended: each takes the same time and gets the same answer.
Each step writes one line to the log, with a reason and a person's id and nothing that was typed.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import structlog
from sqlalchemy import RowMapping, or_, update

from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.web.people import codes, lockout, pass_phrases, records, recovery, sessions
from shared.web.people.tables import people

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Halfway:
    """Somebody whose pass phrase was right. `mark` changes with the phrase, so that a changed one begins anew."""

    person_id: str
    mark: str


def take_pass_phrase(store: Store, email: str, phrase: str, by_openid: Collection[str]) -> Halfway | None:
    """Whose e-mail and pass phrase these are; None when nobody's, or when they have to wait.

    `by_openid` are the owners whose people sign in at their own organisation, and not here.
    """
    keyring = store.resources.keyring
    who = records.email_index(keyring, email)
    with store.writing() as transaction:
        free = lockout.take(transaction, who)
        row = records.by_email(transaction.connection, keyring, email)
    if row is None:
        why: str | None = "unknown"
    elif not free:
        why = "locked"
    else:
        why = "openid" if row["owner"] in by_openid or not row["pass_phrase"] else None
    stored = row["pass_phrase"] if row is not None and why is None else None
    if not pass_phrases.matches(stored, phrase) or row is None:
        _log.info("people.refused", reason=why or "pass-phrase", person=row["id"] if row else None)
        return None
    with store.writing() as transaction:
        lockout.give_back(transaction, who)
    return Halfway(row["id"], mark_of(row))


def take_code(store: Store, halfway: Halfway, code: str) -> str | None:
    """Signs in with a code of the authenticator or a recovery code; answers the new session's secret."""
    with store.writing() as transaction:
        row = records.by_id(transaction.connection, halfway.person_id)
        if row is None or mark_of(row) != halfway.mark:
            why, how = "ended", None
        elif not lockout.take(transaction, row["email_index"]):
            why, how = "locked", None
        else:
            why, how = "code", _right(transaction, row, code)
        if how is None or row is None:
            _log.info("people.refused", reason=why, person=halfway.person_id)
            return None
        lockout.forget(transaction, row["email_index"])
        secret = sessions.start(transaction, row["id"])
    _log.info("people.signed-in", person=halfway.person_id, by=how)
    return secret


def confirm(store: Store, person_id: str, phrase: str) -> RowMapping | None:
    """The row of somebody signed in who types their pass phrase once more; None when it is wrong, or they have to wait."""
    with store.writing() as transaction:
        row = records.by_id(transaction.connection, person_id)
        free = row is not None and lockout.take(transaction, row["email_index"])
    if not pass_phrases.matches(row["pass_phrase"] if row is not None and free else None, phrase) or row is None:
        _log.info("people.refused", reason="pass-phrase" if free else "locked", person=person_id)
        return None
    with store.writing() as transaction:
        lockout.give_back(transaction, row["email_index"])
    return row


def mark_of(row: RowMapping) -> str:
    return hashlib.sha256((row["pass_phrase"] or "").encode()).hexdigest()[:16]


def _right(transaction: Transaction, row: RowMapping, code: str) -> str | None:
    """How the code is right: `code`, `recovery-code`; None when it is not."""
    if not codes.is_code(code):
        return "recovery-code" if recovery.use(transaction, row["id"], code) else None
    if row["totp_secret"] is None:
        return None
    secret = records.unseal(transaction.resources.keyring, row["id"], records.TOTP, row["totp_secret"])
    step = codes.step_of(secret, code, transaction.now, row["totp_step"])
    if step is None:
        return None
    # Two with the same code at the same moment: one of them has used it.
    unused = or_(people.c.totp_step.is_(None), people.c.totp_step < step)
    taken = transaction.execute(update(people).where(people.c.id == row["id"], unused).values(totp_step=step))
    return "code" if taken.rowcount else None
