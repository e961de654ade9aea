"""What is over goes: sessions and invitations that have ended, tries that count no more."""

from sqlalchemy import delete

from shared.messaging.store import Store
from shared.web.people.lockout import FORGOTTEN_AFTER
from shared.web.people.tables import invitations, sessions, sign_in_tries


def tidy(store: Store) -> None:
    now = store.resources.clock.now()
    for over in (
        delete(sessions).where(sessions.c.ends_at < now),
        delete(invitations).where(invitations.c.expires_at < now),
        delete(sign_in_tries).where(sign_in_tries.c.last_at < now - FORGOTTEN_AFTER),
    ):
        with store.writing() as transaction:
            transaction.execute(over)
