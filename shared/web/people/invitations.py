"""Invitations: an address with a secret, good for a week and once, by which somebody makes their own account.

Whoever invites passes the address on; nothing is sent from here. An account is made in two steps: name and pass phrase, then
an authenticator that has shown that it works. What the first step said waits with the invitation, and goes with it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, select, update

from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring
from shared.web.people import codes, records, recovery, sessions
from shared.web.people.records import EMAIL, NAME, TOTP, seal, unseal
from shared.web.people.tables import invitations

KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Invited:
    """An invitation as those see it who look after people; the secret is in its address alone."""

    id: str
    email: str
    role: str
    created_at: datetime
    expires_at: datetime


def invite(transaction: Transaction, owner: str, role: str, email: str, by: str) -> tuple[Invited, str]:
    """A new invitation and its secret. One to the same address before it is worth nothing from now on."""
    keyring, now, invitation_id, secret = (
        transaction.resources.keyring,
        transaction.now,
        new_id(),
        secrets.token_urlsafe(32),
    )
    index = records.email_index(keyring, email)
    transaction.execute(delete(invitations).where(invitations.c.owner == owner, invitations.c.email_index == index))
    transaction.insert(
        invitations,
        id=invitation_id,
        secret_hash=sessions.hash_of(secret),
        owner=owner,
        role=role,
        email=seal(keyring, invitation_id, EMAIL, email),
        email_index=index,
        invited_by=by,
        created_at=now,
        expires_at=now + KEPT,
        name=None,
        pass_phrase=None,
        totp_secret=None,
    )
    return Invited(invitation_id, email, role, now, now + KEPT), secret


def open_ones(connection: Connection, keyring: Keyring, owner: str, now: datetime) -> list[Invited]:
    """The invitations of an owner that nobody has accepted yet, the oldest first."""
    query = select(invitations).where(invitations.c.owner == owner, invitations.c.expires_at > now)
    rows = connection.execute(query.order_by(invitations.c.id)).mappings()
    return [
        Invited(row["id"], email_of(keyring, row), row["role"], row["created_at"], row["expires_at"]) for row in rows
    ]


def withdraw(transaction: Transaction, owner: str, invitation_id: str) -> bool:
    """Ends an invitation; False when the owner has none of this id."""
    mine = (invitations.c.owner == owner, invitations.c.id == invitation_id)
    return bool(transaction.execute(delete(invitations).where(*mine)).rowcount)


def find(connection: Connection, secret: str, now: datetime) -> RowMapping | None:
    """The invitation of this secret, unless it was used, withdrawn or has expired."""
    wanted = (invitations.c.secret_hash == sessions.hash_of(secret), invitations.c.expires_at > now)
    return connection.execute(select(invitations).where(*wanted)).mappings().first()


def of_email(connection: Connection, keyring: Keyring, owner: str, email: str, now: datetime) -> RowMapping | None:
    """The invitation of an owner to this very address."""
    index = records.email_index(keyring, email)
    wanted = (invitations.c.owner == owner, invitations.c.email_index == index, invitations.c.expires_at > now)
    return connection.execute(select(invitations).where(*wanted)).mappings().first()


def email_of(keyring: Keyring, row: RowMapping) -> str:
    return unseal(keyring, row["id"], EMAIL, row["email"])


def begin(transaction: Transaction, row: RowMapping, name: str, pass_phrase: str) -> None:
    """The first step: what they are called, and the hash of their pass phrase. An authenticator's secret is made."""
    keyring = transaction.resources.keyring
    secret = seal(keyring, row["id"], TOTP, codes.new_secret())
    transaction.execute(
        update(invitations)
        .where(invitations.c.id == row["id"])
        .values(
            name=seal(keyring, row["id"], NAME, name), pass_phrase=pass_phrase, totp_secret=row["totp_secret"] or secret
        )
    )


def authenticator(keyring: Keyring, row: RowMapping) -> str | None:
    """The secret to set an authenticator up with, once the first step is done."""
    return None if row["totp_secret"] is None else unseal(keyring, row["id"], TOTP, row["totp_secret"])


def finish(transaction: Transaction, row: RowMapping, code: str) -> tuple[str, list[str]] | None:
    """The second step: the account of whoever the authenticator's code shows to have set it up, and their recovery codes.

    None for a wrong code, and when somebody else has used the invitation just now.
    """
    keyring = transaction.resources.keyring
    secret = authenticator(keyring, row)
    step = codes.step_of(secret, code, transaction.now, None) if secret else None
    if step is None or not use(transaction, row):
        return None
    name = unseal(keyring, row["id"], NAME, row["name"])
    person_id = records.create(
        transaction, row["owner"], row["role"], email_of(keyring, row), name, row["pass_phrase"], secret
    )
    records.change(transaction, person_id, totp_step=step)
    return person_id, recovery.renew(transaction, person_id)


def use(transaction: Transaction, row: RowMapping) -> bool:
    """Ends the invitation for being accepted; False when somebody was faster."""
    return bool(transaction.execute(delete(invitations).where(invitations.c.id == row["id"])).rowcount)
