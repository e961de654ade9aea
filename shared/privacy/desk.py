"""What each service does for data protection beside its work, on its management listener and by its own clock.

`GET /v1/held/<referral_id>`  all that it holds about one referral, in the clear, for the person whom it is about.
`GET /v1/master-keys`         the master keys that it knows, and how much still stands under each older one.

By its clock it clears what came late of erased referrals, and puts what stands under an older master key under the newest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import eventlet
import structlog
from nameko.extensions import DependencyProvider
from sqlalchemy import Connection, select

from shared.audit.tables import audit
from shared.http.management import Management
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from shared.privacy.erased import Clear, look_again, newest_erasure
from shared.privacy.rewrapping import Places, rewrap, waiting

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 600.0

Held = Callable[[Store, str], dict[str, Any]]
"""All that a service holds about a referral, as JSON's own types, moments and days."""


@dataclass(frozen=True)
class Kept:
    """What a service keeps that matters here: what its master keys seal, and how it shows and clears a referral."""

    sealed: Places
    held: Held | None = None
    clear: Clear | None = None


class PrivacyDesk(DependencyProvider):
    """`privacy = PrivacyDesk(KEPT)` on the service."""

    management = Management()

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._newest = ""
        self._last_erasure: datetime | None = None
        self._stopping = False

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.store = runtime.store
        self.management.add("GET", "/v1/master-keys", lambda request: self.master_keys())
        held = self._kept.held
        if held is not None:
            self.management.add(
                "GET", "/v1/held/<referral_id>", lambda request, referral_id: held(self.store, referral_id)
            )

    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier="privacy")

    def stop(self) -> None:
        self._stopping = True

    def get_dependency(self, worker_ctx: Any) -> "PrivacyDesk":
        return self

    def master_keys(self) -> dict[str, Any]:
        """The keys that this process knows, the newest last, and how many values stand under each that is older."""
        return {"keys": self.store.resources.keyring.ids, "waiting": waiting(self.store, self._kept.sealed)}

    def _run(self) -> None:
        since = LOOK_AGAIN_SECONDS
        while not self._stopping:
            try:
                self._rewrap()
                if self._kept.clear is not None:
                    since = self._clear(self._kept.clear, since)
            except Exception as error:
                # The database is away: later is as good.
                log.warning("privacy.interrupted", service=self.store.service, error=type(error).__name__)
            eventlet.sleep(EVERY_SECONDS)
            since += EVERY_SECONDS

    def _clear(self, clear: Clear, since: float) -> float:
        """Answers how long ago it was looked again. What an event erased is soon gone from the log of SQLite, too."""
        newest = newest_erasure(self.store)
        if newest != self._last_erasure and self.store.database.forget_deleted():
            self._last_erasure = newest
        if since < LOOK_AGAIN_SECONDS:
            return since
        look_again(self.store, clear)
        return 0.0

    def _rewrap(self) -> None:
        """At the start and after each new key, until a round finds nothing that another process sealed meanwhile."""
        newest = self.store.resources.keyring.newest
        if newest == self._newest:
            return
        done = rewrap(self.store, self._kept.sealed)
        if done:
            log.info("keys.rewrapped", service=self.store.service, newest=newest, values=done)
        else:
            self._newest = newest


def audited(connection: Connection, subjects: list[str]) -> list[dict[str, Any]]:
    """What people did about these ids, from a service's audit."""
    query = select(audit.c.at, audit.c.actor, audit.c.action, audit.c.detail).where(audit.c.subject.in_(subjects))
    return [shown(row) for row in connection.execute(query.order_by(audit.c.id))]


def shown(row: Any, *left_out: str) -> dict[str, Any]:
    """A row for people, without what is sealed and without the columns that are of no use to them."""
    # JSON takes plain strings alone for names, and SQLAlchemy's are of a kind of their own.
    values = {str(name): value for name, value in row._mapping.items()}
    return {name: value for name, value in values.items() if name not in left_out and not isinstance(value, bytes)}
