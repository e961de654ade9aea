"""What somebody may change about their own account, once they have typed their pass phrase again.

What is wrong is raised as a 422 problem that names the field. Whatever lets them in anew signs them out everywhere else.
"""

from datetime import timedelta

import structlog
from sqlalchemy import RowMapping

from shared.audit.record import record
from shared.http import problems
from shared.http.problems import FieldError, Problem
from shared.messaging.store import Store
from shared.web.people import codes, pass_phrases, records, recovery, sessions
from shared.web.people.sessions import Session
from shared.web.people.signing_in import confirm

_log = structlog.get_logger(__name__)


def fault_of(phrase: str, email: str, pointer: str) -> list[FieldError]:
    """What is wrong with a new pass phrase."""
    fault = pass_phrases.fault_of(phrase, email) if phrase else "required"
    return [FieldError(pointer, fault, "This pass phrase cannot be taken.")] if fault else []


def change_pass_phrase(store: Store, person_id: str, here: str, phrase: str, new: str) -> None:
    """`here` is the session in hand, which goes on."""
    row = _confirmed(store, person_id, phrase)
    email = records.unseal(store.resources.keyring, person_id, records.EMAIL, row["email"])
    faults = fault_of(new, email, "/new_pass_phrase")
    if faults:
        raise problems.invalid(faults)
    stored = pass_phrases.hashed(new)
    with store.writing() as transaction:
        records.change(transaction, person_id, pass_phrase=stored)
        sessions.end_all(transaction, person_id, but=here)
        record(transaction, f"key:p:{person_id}", "people.change-pass-phrase", person_id)
    _log.info("people.pass-phrase-changed", person=person_id)


def renew_codes(store: Store, person_id: str, phrase: str) -> list[str]:
    """Ten new recovery codes, to be shown this once."""
    _confirmed(store, person_id, phrase)
    with store.writing() as transaction:
        renewed = recovery.renew(transaction, person_id)
        record(transaction, f"key:p:{person_id}", "people.renew-recovery-codes", person_id)
    _log.info("people.recovery-codes-renewed", person=person_id)
    return renewed


def begin_authenticator(store: Store, person_id: str, phrase: str) -> str:
    """A secret for a new authenticator; the one before goes on until the new one has shown that it works."""
    _confirmed(store, person_id, phrase)
    return codes.new_secret()


def finish_authenticator(store: Store, person_id: str, here: str, secret: str, code: str) -> None:
    """From now on the new authenticator counts."""
    with store.writing() as transaction:
        step = codes.step_of(secret, code, transaction.now, None)
        if step is None:
            raise _wrong("/sign_in_code", "wrong-code", "This is not the code that the authenticator shows.")
        sealed = records.seal(transaction.resources.keyring, person_id, records.TOTP, secret)
        records.change(transaction, person_id, totp_secret=sealed, totp_step=step)
        sessions.end_all(transaction, person_id, but=here)
        record(transaction, f"key:p:{person_id}", "people.change-authenticator", person_id)
    _log.info("people.authenticator-changed", person=person_id)


def own_sessions(store: Store, person_id: str, idle: timedelta) -> list[Session]:
    """Where somebody is signed in, the newest first."""
    with store.reading() as connection:
        return sessions.of_person(connection, person_id, store.resources.clock.now(), idle)


def codes_left(store: Store, person_id: str) -> int:
    with store.reading() as connection:
        return recovery.left(connection, person_id)


def _confirmed(store: Store, person_id: str, phrase: str) -> RowMapping:
    row = confirm(store, person_id, phrase)
    if row is None:
        raise _wrong("/pass_phrase", "wrong", "This is not your pass phrase, or too many tries were wrong.")
    return row


def _wrong(pointer: str, code: str, detail: str) -> Problem:
    return problems.invalid([FieldError(pointer, code, detail)])
