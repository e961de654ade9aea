"""A service of ours with a handler that does nothing: what inbox and subscription cost by themselves.

`python -m bench.trivial_service` runs it with the settings of its environment. It takes the place of `operations`, which
takes no events, and so has that name, role and schema.
"""

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

from sqlalchemy import MetaData

from shared import logs
from shared.contracts.envelope import Event
from shared.contracts.referrals import ReferralSubmitted
from shared.database.engine import Database
from shared.messaging.broker import Topology
from shared.messaging.runtime import InboxProvider, StoreProvider
from shared.messaging.subscription import subscription
from shared.messaging.tables import add_messaging_tables
from shared.messaging.transaction import Transaction
from shared.runner import run
from shared.settings import Settings

SERVICE = "operations"

metadata = MetaData()
add_messaging_tables(metadata)


def nothing(transaction: Transaction, event: Event) -> None:
    """Has no effect."""


class TrivialService:
    """Takes `referral.submitted`."""

    name = SERVICE
    metadata = metadata

    store = StoreProvider()
    inbox = InboxProvider({ReferralSubmitted: nothing})

    @subscription
    def receive(self, bodies: list[bytes]) -> None:
        self.inbox.take(bodies)


def prepare(settings: Settings) -> None:
    """Makes its tables."""
    database = Database(settings.database_url(SERVICE))
    with database.writing() as connection:
        metadata.create_all(connection)
    database.close()


if __name__ == "__main__":
    logs.configure()
    run(
        Settings.from_environment(),
        [TrivialService],
        lambda: Topology({}, {}),
        announce=lambda: print("Waypost is up", flush=True),
    )
