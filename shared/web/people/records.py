"""People as they are stored: found, made, changed and ended. What they are called and their e-mail is sealed for their row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring
from shared.web.people.person import Person
from shared.web.people.tables import people, recovery_codes, sessions

NAME, EMAIL, TOTP = "name", "email", "totp"


@dataclass(frozen=True)
class Listed:
    """Somebody as those who look after an organisation's people see them."""

    id: str
    name: str
    email: str
    role: str
    by_openid: bool
    created_at: datetime
    ended_at: datetime | None


def seal(keyring: Keyring, row_id: str, part: str, text: str) -> bytes:
    """A text that opens only for this row and part."""
    return keyring.seal(f"people:{row_id}:{part}", text.encode())


def unseal(keyring: Keyring, row_id: str, part: str, blob: bytes) -> str:
    return keyring.open(f"people:{row_id}:{part}", bytes(blob)).decode()


def email_index(keyring: Keyring, email: str) -> str:
    """How an e-mail address is found; case does not count."""
    return keyring.blind_index("person-email", email)


def openid_index(keyring: Keyring, issuer: str, subject: str) -> str:
    """How somebody's account at a provider is found. In hexadecimal, since case counts here and a blind index drops it."""
    return keyring.blind_index("person-openid", issuer.encode().hex(), subject.encode().hex())


def create(
    transaction: Transaction,
    owner: str,
    role: str,
    email: str,
    name: str,
    pass_phrase: str | None = None,
    totp_secret: str | None = None,
    openid: str | None = None,
) -> str:
    """A new person; answers their id. `pass_phrase` is its hash. Fails at commit where somebody else has the e-mail."""
    person_id, keyring = new_id(), transaction.resources.keyring
    transaction.insert(
        people,
        id=person_id,
        owner=owner,
        role=role,
        email=seal(keyring, person_id, EMAIL, email),
        email_index=email_index(keyring, email),
        name=seal(keyring, person_id, NAME, name),
        pass_phrase=pass_phrase,
        totp_secret=None if totp_secret is None else seal(keyring, person_id, TOTP, totp_secret),
        totp_step=None,
        openid=openid,
        created_at=transaction.now,
        ended_at=None,
    )
    return person_id


def by_email(connection: Connection, keyring: Keyring, email: str) -> RowMapping | None:
    """The row of whoever has this e-mail and has not ended."""
    return _one(connection, people.c.email_index == email_index(keyring, email))


def by_openid(connection: Connection, openid: str) -> RowMapping | None:
    """The row of whoever has this account at a provider (`openid_index`) and has not ended."""
    return _one(connection, people.c.openid == openid)


def by_id(connection: Connection, person_id: str) -> RowMapping | None:
    """The row of somebody who has not ended."""
    return _one(connection, people.c.id == person_id)


def person_of(keyring: Keyring, row: RowMapping) -> Person:
    return Person(row["id"], unseal(keyring, row["id"], NAME, row["name"]), row["role"], row["owner"])


def list_people(connection: Connection, keyring: Keyring, owner: str) -> list[Listed]:
    """Everybody of an owner, those who have ended last, else the oldest first."""
    query = select(people).where(people.c.owner == owner).order_by(people.c.ended_at.is_not(None), people.c.id)
    return [listed(keyring, row) for row in connection.execute(query).mappings()]


def listed(keyring: Keyring, row: RowMapping) -> Listed:
    return Listed(
        row["id"],
        unseal(keyring, row["id"], NAME, row["name"]),
        unseal(keyring, row["id"], EMAIL, row["email"]),
        row["role"],
        row["openid"] is not None,
        row["created_at"],
        row["ended_at"],
    )


def change(transaction: Transaction, person_id: str, **values: Any) -> None:
    """Sets columns of somebody's row."""
    transaction.execute(update(people).where(people.c.id == person_id).values(**values))


def end(transaction: Transaction, person_id: str) -> None:
    """Somebody signs in no more. Their row stays, for what they did; what let them in does not."""
    change(transaction, person_id, ended_at=transaction.now, pass_phrase=None, totp_secret=None)
    for table in (sessions, recovery_codes):
        transaction.execute(delete(table).where(table.c.person_id == person_id))


def _one(connection: Connection, *where: Any) -> RowMapping | None:
    return connection.execute(select(people).where(*where, people.c.ended_at.is_(None))).mappings().first()
