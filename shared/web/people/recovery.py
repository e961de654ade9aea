"""Recovery codes: ten that stand in for a lost authenticator, each once. They are shown once, and stored as keyed hashes."""

import secrets

from sqlalchemy import Connection, delete, func, select, update

from shared.messaging.transaction import Transaction
from shared.privacy.keyring import Keyring
from shared.references import SIGNS
from shared.web.people.tables import recovery_codes as table

HOW_MANY = 10
_HALF = 5


def renew(transaction: Transaction, person_id: str) -> list[str]:
    """Ten new codes, to be shown; those before are worth nothing from now on."""
    codes = [f"{_random()}-{_random()}" for _ in range(HOW_MANY)]
    keyring = transaction.resources.keyring
    transaction.execute(delete(table).where(table.c.person_id == person_id))
    for code in codes:
        transaction.insert(table, person_id=person_id, hash=_hash(keyring, person_id, _plain(code)), used_at=None)
    return codes


def use(transaction: Transaction, person_id: str, code: str) -> bool:
    """Takes a code, in any case and with or without its dash; False when it is none, or was used."""
    found = _hash(transaction.resources.keyring, person_id, _plain(code))
    mine = (table.c.person_id == person_id, table.c.hash == found, table.c.used_at.is_(None))
    return bool(transaction.execute(update(table).where(*mine).values(used_at=transaction.now)).rowcount)


def left(connection: Connection, person_id: str) -> int:
    """How many are still good."""
    mine = (table.c.person_id == person_id, table.c.used_at.is_(None))
    return connection.execute(select(func.count()).select_from(table).where(*mine)).scalar_one()


def _random() -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(_HALF))


def _plain(code: str) -> str:
    return "".join(sign for sign in code.upper() if sign.isalnum())


def _hash(keyring: Keyring, person_id: str, plain: str) -> str:
    return keyring.blind_index("recovery-code", person_id, plain)
