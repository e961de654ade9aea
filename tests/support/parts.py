"""A small pair of services for tests of the messaging core: `teller` writes events, `hearer` takes them and notes each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, select

from shared.contracts.envelope import Event
from shared.contracts.referrals import ReferralWithdrawn
from shared.ids import new_id
from shared.messaging.broker import Topology
from shared.messaging.runtime import Runtime
from shared.messaging.tables import add_messaging_tables
from shared.messaging.transaction import Transaction
from shared.privacy.keyfile import create_key_file
from shared.resources import Resources
from shared.settings import Settings
from tests.support.pairs import Pair

TOPOLOGY = Topology(services={"routing": [ReferralWithdrawn.type()]}, agencies={"agency-a": "waypost.agency.a"})


class SteppedClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def forward(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


def settings_for(pair: Pair, folder: Path) -> Settings:
    """Settings of a process on this pair, with keys of its own."""
    settings = Settings.from_environment({"WAYPOST_DATA": str(folder), **pair.environment})
    if not settings.master_key_file.exists():
        settings.master_key_file.parent.mkdir(parents=True, exist_ok=True)
        create_key_file(settings.master_key_file)
        settings.internal_key_file.write_text("internal-key-of-a-test")
    return replace(settings)


def runtime_for(
    pair: Pair, folder: Path, service: str, metadata: MetaData, clock: SteppedClock | None = None
) -> Runtime:
    """A service's parts on this pair, without nameko; its tables are not made yet."""
    return Runtime(service, metadata, Resources(settings_for(pair, folder), clock or SteppedClock()))


def teller_metadata() -> MetaData:
    metadata = MetaData()
    Table("letters", metadata, Column("id", String(36), primary_key=True))
    add_messaging_tables(metadata)
    return metadata


def hearer_metadata() -> MetaData:
    metadata = MetaData()
    Table("heard", metadata, Column("event_id", String(80), primary_key=True), Column("subject", String(80)))
    add_messaging_tables(metadata)
    return metadata


def note(transaction: Transaction, event: Event) -> None:
    """The hearer's handler: a row for each event, so that a second effect would break its key."""
    transaction.insert(heard_table(transaction), event_id=event.id, subject=event.subject)


def heard_table(transaction: Transaction) -> Table:
    return transaction._tables["heard"]


def tell(runtime: Runtime, subject: str | None = None, audience: str | None = None) -> str:
    """Writes one event; answers its id."""
    with runtime.store.writing() as transaction:
        return tell_in(transaction, subject or new_id(), audience)


def tell_in(transaction: Transaction, subject: str, audience: str | None = None) -> str:
    return transaction.publish(
        ReferralWithdrawn, subject, {"referral_id": subject, "reason": "family-changed-mind"}, audience=audience
    )


def heard(runtime: Runtime) -> list[str]:
    """The ids of the events that have had their effect."""
    table = runtime.metadata.tables["heard"]
    with runtime.store.reading() as connection:
        return list(connection.execute(select(table.c.event_id)).scalars())
