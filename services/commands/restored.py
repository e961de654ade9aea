"""What a restored system needs before it starts: its databases in the newest shape, its events sent again, nothing back
that was erased, and nothing in the broker that nobody remembers."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from services.catalogue import migrations_of, runtime_of
from shared.database.migrations import migrate
from shared.messaging.purging import purge
from shared.messaging.replay import send_again, tell_agencies_again
from shared.messaging.runtime import Runtime
from shared.settings import SERVICES, Settings

WITH_EVENTS = tuple(name for name in SERVICES if name != "operations")


@dataclass(frozen=True)
class Before:
    """What the databases still told before they were replaced: what was erased and why, and the references there were.

    `references` is None where that can no longer be asked.
    """

    erased: dict[str, str]
    references: set[str] | None

    @classmethod
    def of(cls, settings: Settings) -> "Before":
        erased: dict[str, str] = {}
        for name in WITH_EVENTS:
            rows = _asked(settings, name, "SELECT referral_id, reason FROM erased")
            erased |= {row[0]: row[1] for row in rows or ()}
        rows = _asked(settings, "referrals", "SELECT reference FROM referrals")
        return cls(erased, None if rows is None else {row[0] for row in rows})


@dataclass(frozen=True)
class Mended:
    """What was done; `lost` are the references that the backup does not have, None where nobody knows."""

    events: int
    erased: int
    lost: list[str] | None


def mend(settings: Settings, before: Before, since: datetime) -> Mended:
    """Does all that is needed, events being sent again that were written since then."""
    runtimes = {name: runtime_of(name, settings) for name in SERVICES}
    try:
        for name, runtime in runtimes.items():
            migrate(runtime.store.database, migrations_of(name))
        erased = _erase_again(runtimes["referrals"], before)
        events = sum(send_again(runtimes[name].store, since) for name in WITH_EVENTS)
        events += tell_agencies_again(runtimes["routing"].store, since)
        purge(settings.broker, [runtimes[name].queue for name in WITH_EVENTS])
    finally:
        for runtime in runtimes.values():
            runtime.store.database.close()
    there = {row[0] for row in _asked(settings, "referrals", "SELECT reference FROM referrals") or ()}
    return Mended(events, erased, None if before.references is None else sorted(before.references - there))


def _erase_again(runtime: Runtime, before: Before) -> int:
    from services.referrals.erasing import erase_again

    return sum(erase_again(runtime.store, referral_id, reason) for referral_id, reason in before.erased.items())


def _asked(settings: Settings, service: str, query: str) -> list[tuple[str, ...]] | None:
    """What a database answers, or None when it is away, damaged or older than the question."""
    url = make_url(settings.database_url(service))
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None  # SQLite would make an empty one.
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()
