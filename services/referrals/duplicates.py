"""Likely duplicates: open referrals of a child with the same names and date of birth, whoever made them.

Asked inside the transaction that takes a referral, so what was committed before is seen, and what the same group takes is
too. The first of a group asks for everybody who waits to join it: one question, however many referrals. Two that are
taken by two processes in the same few milliseconds do not see each other.
"""

from collections.abc import Collection, Iterable
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection

from services.referrals.domain import OPEN
from shared.database.rows import run
from shared.messaging.transaction import Transaction

MOST = 5

_STATES = ", ".join(f"'{state}'" for state in OPEN)
_OF_ONE = f"""
SELECT children.referral_id FROM children JOIN referrals ON referrals.id = children.referral_id
WHERE children.blind_index = {{index}} AND referrals.status IN ({_STATES}) LIMIT {MOST + 1}
"""
_ONE = _OF_ONE.format(index="?")
_MANY = f"""
SELECT asked.index, found.referral_id FROM json_array_elements_text(%s::json) AS asked(index)
CROSS JOIN LATERAL ({_OF_ONE.format(index="asked.index")}) AS found
"""

Found = dict[str, list[str]]


class Duplicates:
    """One for each service in a process."""

    def __init__(self) -> None:
        self._waiting: dict[str, Collection[str]] = {}
        self._found: WeakKeyDictionary[Transaction, Found] = WeakKeyDictionary()

    def expect(self, referral_id: str, indexes: Collection[str]) -> None:
        """A referral of children with these blind indexes is about to be taken: `of` will ask for them."""
        if indexes:
            self._waiting[referral_id] = indexes

    def of(self, transaction: Transaction, referral_id: str, indexes: Iterable[str]) -> list[str]:
        """The ids of other open referrals of these children, at most MOST; from now on it is one of them itself."""
        indexes = sorted(set(indexes))
        self._waiting.pop(referral_id, None)
        found = self._found.setdefault(transaction, {})
        unasked = {index for index in indexes if index not in found}
        if unasked:
            unasked.update(index for waiting in self._waiting.values() for index in waiting if index not in found)
            found.update(_open_referrals(transaction.connection, sorted(unasked)))
        others = {other for index in indexes for other in found[index]} - {referral_id}
        for index in indexes:
            found[index].append(referral_id)
        return sorted(others)[:MOST]


def _open_referrals(connection: Connection, indexes: list[str]) -> Found:
    """Asked through the driver: what the transaction has gathered to write need not be written for it."""
    if connection.dialect.name == "sqlite":
        return {index: list(connection.exec_driver_sql(_ONE, (index,)).scalars()) for index in indexes}
    found: Found = {index: [] for index in indexes}
    for index, referral_id in run(connection, _MANY, (orjson.dumps(indexes).decode(),), alone=True):
        found[index].append(referral_id)
    return found
