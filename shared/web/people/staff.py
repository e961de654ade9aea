"""What a manager, or operations, may do about their own organisation's people; pages, API and command line all do it here.

Nobody changes or ends themselves, so that an organisation is never left without somebody who can invite.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select

from shared.audit.record import record
from shared.http import problems
from shared.http.problems import FieldError
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction
from shared.web.people import invitations, records, sessions
from shared.web.people.invitations import Invited
from shared.web.people.records import Listed
from shared.web.people.roles import ROLES
from shared.web.people.tables import people

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class NewInvitation:
    """An invitation with the address to pass on, which is known at this moment only."""

    id: str
    email: str
    role: str
    created_at: datetime
    expires_at: datetime
    address: str


@dataclass(frozen=True)
class Staff:
    """One owner's people, in the hands of `by` (as it is written down: `key:p:…`); `site` is where the service's pages are."""

    store: Store
    owner: str
    by: str
    site: str

    def everybody(self) -> list[Listed]:
        """All of them, those who have ended last."""
        with self.store.reading() as connection:
            return records.list_people(connection, self.store.resources.keyring, self.owner)

    def one(self, person_id: str) -> Listed:
        """One of them; raises a 404 problem."""
        query = select(people).where(people.c.owner == self.owner, people.c.id == person_id)
        with self.store.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise problems.not_found()
        return records.listed(self.store.resources.keyring, row)

    def invited(self) -> list[Invited]:
        """Who was invited and has not accepted yet."""
        resources = self.store.resources
        with self.store.reading() as connection:
            return invitations.open_ones(connection, resources.keyring, self.owner, resources.clock.now())

    def invite(self, email: str, role: str) -> NewInvitation:
        """Raises a 422 problem for a role of another service, and for somebody who is here already."""
        self._check_role(role)
        keyring = self.store.resources.keyring
        with self.store.writing() as transaction:
            row = records.by_email(transaction.connection, keyring, email)
            # Somebody of another organisation is not given away: they find out themselves, with the invitation in hand.
            if row is not None and row["owner"] == self.owner:
                raise problems.invalid([FieldError("/email", "already-here", "This person has an account already.")])
            made, secret = invitations.invite(transaction, self.owner, role, email, self.by)
            record(transaction, self.by, "people.invite", made.id, role)
        _log.info("people.invited", by=self.by, role=role)
        return NewInvitation(**vars(made), address=f"{self.site}/invitations/{secret}")

    def withdraw(self, invitation_id: str) -> None:
        """The invitation's address no longer works; raises a 404 problem."""
        with self.store.writing() as transaction:
            if not invitations.withdraw(transaction, self.owner, invitation_id):
                raise problems.not_found()
            record(transaction, self.by, "people.withdraw-invitation", invitation_id)
        _log.info("people.invitation-withdrawn", by=self.by)

    def change_role(self, person_id: str, role: str) -> None:
        """Gives somebody another role and signs them out. Raises problems: 404, 409 for oneself, 422 for an unknown role."""
        self._check_role(role)
        with self.store.writing() as transaction:
            if self._role_of_other(transaction, person_id) == role:
                return
            records.change(transaction, person_id, role=role)
            sessions.end_all(transaction, person_id)
            record(transaction, self.by, "people.change-role", person_id, role)
        _log.info("people.role-changed", by=self.by, person=person_id, role=role)

    def end(self, person_id: str) -> None:
        """Somebody no longer signs in, from this moment on. Raises problems: 404, 409 for oneself."""
        with self.store.writing() as transaction:
            self._role_of_other(transaction, person_id)
            records.end(transaction, person_id)
            record(transaction, self.by, "people.end", person_id)
        _log.info("people.ended", by=self.by, person=person_id)

    def _check_role(self, role: str) -> None:
        known = ROLES[self.store.service]
        if role not in known:
            raise problems.invalid([FieldError("/role", "not-one-of", f"Name one of: {', '.join(known)}.")])

    def _role_of_other(self, transaction: Transaction, person_id: str) -> str:
        row = records.by_id(transaction.connection, person_id)
        if row is None or row["owner"] != self.owner:
            raise problems.not_found()
        if self.by == f"key:p:{person_id}":
            raise problems.conflict(
                "not-yourself", "Nobody changes their own role or ends themselves", "Ask a colleague to do it."
            )
        return str(row["role"])
