"""Who an account at an organisation's provider is here: known by issuer and subject, the first time by a verified address.

An address finds a person of that organisation who has no account there yet, or an invitation of it. An address that was
given to somebody else later finds nobody: whoever had it is known by their account.
"""

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError

from shared.audit.record import record
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.web.people import invitations, lockout, records, sessions
from shared.web.people.openid import Account

_log = structlog.get_logger(__name__)


def let_in(store: Store, owner: str, account: Account) -> str | None:
    """Signs in whoever it is; answers the new session's secret, or None when nobody here has been asked to join."""
    try:
        with store.writing() as transaction:
            person_id = _person(transaction, owner, account)
            if person_id is None:
                _log.info("people.refused", reason="not-invited", person=None)
                return None
            secret = sessions.start(transaction, person_id)
    except IntegrityError:
        # Somebody of another organisation has the address, or the same account came twice at one moment.
        _log.info("people.refused", reason="address-taken", person=None)
        return None
    _log.info("people.signed-in", person=person_id, by="openid")
    return secret


def _person(transaction: Transaction, owner: str, account: Account) -> str | None:
    keyring = transaction.resources.keyring
    openid = records.openid_index(keyring, account.issuer, account.subject)
    known = records.by_openid(transaction.connection, openid)
    if known is not None:
        return str(known["id"]) if known["owner"] == owner else None
    if account.email is None:
        return None
    row = records.by_email(transaction.connection, keyring, account.email)
    if row is not None:
        return _linked(transaction, row, owner, account.email, openid)
    return _invited(transaction, owner, account, openid)


def _linked(transaction: Transaction, row: RowMapping, owner: str, email: str, openid: str) -> str | None:
    """Somebody who is here already comes by their organisation from now on."""
    kept = records.unseal(transaction.resources.keyring, row["id"], records.EMAIL, row["email"])
    if row["owner"] != owner or row["openid"] is not None or kept.casefold() != email.casefold():
        return None
    records.change(transaction, row["id"], openid=openid, pass_phrase=None, totp_secret=None)
    lockout.forget(transaction, row["email_index"])
    return str(row["id"])


def _invited(transaction: Transaction, owner: str, account: Account, openid: str) -> str | None:
    keyring, email = transaction.resources.keyring, account.email or ""
    row = invitations.of_email(transaction.connection, keyring, owner, email, transaction.now)
    if row is None or invitations.email_of(keyring, row).casefold() != email.casefold():
        return None
    if not invitations.use(transaction, row):
        return None
    person_id = records.create(transaction, owner, row["role"], email, account.name or email, openid=openid)
    record(transaction, f"key:p:{person_id}", "people.join", person_id, row["role"])
    return person_id
