"""Three services of ours that do what each peer's steps do and no more: an effect, and the same event sent on.

`python -m bench.plain_services STEP` runs one, with inbox, outbox and relay as every service has them. They take the names,
roles and schemas of `eligibility`, `routing` and `notifications`, and three types of event that hold the same.
"""

import sys
from dataclasses import replace

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, text

from shared import logs
from shared.contracts.envelope import Event, EventSchema
from shared.contracts.referrals import ReferralAmended, ReferralReopened, ReferralSubmitted
from shared.database.engine import Database
from shared.database.types import Moment
from shared.messaging.broker import Topology, broker_for
from shared.messaging.inbox import Handlers
from shared.messaging.runtime import InboxProvider, RelayProvider, StoreProvider, queue_salt
from shared.messaging.subscription import subscription
from shared.messaging.tables import add_messaging_tables
from shared.messaging.transaction import Transaction
from shared.resources import Resources
from shared.runner import run
from shared.settings import Settings

STEPS: dict[str, tuple[type[EventSchema], type[EventSchema] | None]] = {
    "eligibility": (ReferralSubmitted, ReferralAmended),
    "routing": (ReferralAmended, ReferralReopened),
    "notifications": (ReferralReopened, None),
}

REASON = {"reason": "new-information"}
"""What only the last of the three types has to have."""

metadata = MetaData()
effects = Table(
    "effects",
    metadata,
    Column("event_id", String(80), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False, server_default=text("clock_timestamp()")),
)
add_messaging_tables(metadata)


def handlers(step: str) -> Handlers:
    """What the step does with its event: keeps as many bytes as the event weighs, and sends it on."""
    taken, following = STEPS[step]

    def handle(transaction: Transaction, event: Event) -> None:
        transaction.insert(effects, event_id=event.id, body=b"x" * 900)
        if following:
            transaction.publish(following, event.subject, event.data | REASON, cause=event, first=True)

    return {taken: handle}


def service(step: str) -> type:
    """The class that nameko runs."""

    class Step:
        name = step
        metadata = globals()["metadata"]

        store = StoreProvider()
        inbox = InboxProvider(handlers(step))
        relay = RelayProvider()

        @subscription
        def receive(self, bodies: list[bytes]) -> None:
            self.inbox.take(bodies)

    return Step


def prepare(settings: Settings) -> None:
    """Makes their tables, and queues with nothing else bound."""
    for name in STEPS:
        database = Database(settings.database_url(name))
        with database.writing() as connection:
            metadata.create_all(connection)
        database.close()
    types = {name: [taken.type()] for name, (taken, _) in STEPS.items()}
    broker_for(settings.broker).declare(Topology(types, {}, queue_salt(Resources(settings))))


if __name__ == "__main__":
    logs.configure()
    settings = Settings.from_environment()
    run(
        # Of HTTP they have nothing to say.
        replace(settings, ports={}),
        [service(sys.argv[1])],
        lambda: Topology({}, {}),
        announce=lambda: print("Waypost is up", flush=True),
    )
