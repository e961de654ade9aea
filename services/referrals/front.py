"""The parts that the entry points hand their work to, made once for each service in a process."""

from typing import Any

from nameko.extensions import DependencyProvider

from services.referrals.changes import Changes
from services.referrals.check import check
from services.referrals.intake import Intake
from services.referrals.known import Known
from services.referrals.once import Once
from services.referrals.reading import Reading
from shared.directory.listing import services_list
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store


class Front:
    """Intake, changes and reading over one store."""

    def __init__(self, store: Store) -> None:
        self._clock = store.resources.clock
        self._known = Known(store.resources)
        self.intake = Intake(store.resources, self._known)
        self.changes = Changes(store.resources, self._known, self.intake)
        self.reading = Reading(store, self._known)
        self.once = Once(store)
        self.services = services_list(self._known.directory)

    def check(self, raw: Any) -> dict[str, Any]:
        """Answers an anonymous question."""
        return check(raw, self._known, self._clock)


class FrontDesk(DependencyProvider):
    """Gives the service its `Front`; directory, places and keys are read at start: a fault in them shows then."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.front = Front(runtime.store)

    def get_dependency(self, worker_ctx: Any) -> Front:
        return self.front
