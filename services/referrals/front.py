"""The parts that the entry points hand their work to, made once for each service in a process."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from nameko.extensions import DependencyProvider

from services.referrals.access_codes import CODE_BURST, AccessCodes
from services.referrals.changes import Changes
from services.referrals.check import check
from services.referrals.intake import Intake
from services.referrals.known import Known
from services.referrals.once import Once
from services.referrals.reading import Reading
from shared.directory.listing import services_list
from shared.http.request import Request
from shared.http.server import Server
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store


class Front:
    """Intake, changes and reading over one store."""

    def __init__(
        self,
        store: Store,
        address_of: Callable[[Request], str] = lambda request: "",
        code_burst: int = CODE_BURST,
    ) -> None:
        """`address_of` tells from where a request came; `code_burst`: codes that may be asked for from there at once."""
        self.address_of = address_of
        self._clock = store.resources.clock
        self.known = Known(store.resources)
        self.intake = Intake(store.resources, self.known)
        self.changes = Changes(store.resources, self.known, self.intake)
        self.reading = Reading(store, self.known)
        self.once = Once(store)
        self.access_codes = AccessCodes(store, self.known, code_burst)

    @property
    def services(self) -> list[dict[str, Any]]:
        """The public list, as the directory has it at this moment."""
        return services_list(self.known.directory)

    def now(self) -> datetime:
        return self._clock.now()

    def check(self, raw: Any) -> dict[str, Any]:
        """Answers an anonymous question."""
        return check(raw, self.known, self._clock)


class FrontDesk(DependencyProvider):
    """Gives the service its `Front`; directory, places and keys are read at start: a fault in them shows then.

    `config`: CODE_BURST (codes that one address may ask for at once; later they come back one in three minutes).
    """

    server = Server()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        burst = self.container.config.get("CODE_BURST", CODE_BURST)
        self.front = Front(runtime.store, self.server.client_address, burst)

    def get_dependency(self, worker_ctx: Any) -> Front:
        return self.front
