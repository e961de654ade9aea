"""Everything that is seen of Waypost at one moment, asked of all services at the same time; and a look each minute, kept.

Many people may watch: within SAME seconds all of them see the same look.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import eventlet
import structlog
from eventlet.semaphore import Semaphore
from nameko.extensions import DependencyProvider

from services.operations import samples
from services.operations.broker import alarms
from services.operations.desks import Desks
from services.operations.disks import Disks
from services.operations.domain import overview
from shared.messaging.gauges import Looked
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store

SAME = timedelta(seconds=2)
log = structlog.get_logger(__name__)


class Lookout:
    """One for each process of the operations service."""

    def __init__(self, store: Store, desks: Desks, management: str | None, disks: Disks) -> None:
        self._store = store
        self._desks = desks
        self._management = management
        self._disks = disks
        self._looking = Semaphore(1)
        self._seen: tuple[datetime, Mapping[str, Any]] | None = None

    def look(self) -> dict[str, Any]:
        """As things are now; see `services.operations.domain.overview`."""
        alarmed = eventlet.spawn(alarms, self._management)
        return overview(self._desks.backlogs(), alarmed.wait(), self._disks.measured(), self._store.database.is_full)

    def lately(self) -> Mapping[str, Any]:
        """As things were SAME seconds ago at the most, with `at` and the `last_hour` of each name."""
        with self._looking:
            now = self._store.resources.clock.now()
            if self._seen is None or not self._seen[0] <= now < self._seen[0] + SAME:
                self._seen = (now, {**self.look(), "at": now, "last_hour": samples.last_hour(self._store)})
            return self._seen[1]

    def sample(self) -> None:
        """Keeps this minute's look, if nobody has; asks the services in any case, so that what stands still is seen."""
        try:
            seen = self.look()
            if samples.is_due(self._store):
                samples.keep(self._store, seen)
        except Exception as error:
            log.warning("sample.missed", error=type(error).__name__)


class LookoutProvider(DependencyProvider):
    """Gives the operations service its lookout."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        resources = runtime.resources
        desks = Desks(resources.settings, resources.internal_key)
        settings = resources.settings
        in_process = settings.broker.startswith("memory:")
        disks = Disks(settings)
        runtime.metrics.registry.register(Looked(disks.look, "disks"))
        self.lookout = Lookout(runtime.store, desks, None if in_process else settings.broker_management, disks)

    def get_dependency(self, worker_ctx: Any) -> Lookout:
        return self.lookout
