"""The routing service as it runs, and what agencies and operations can ask of it over HTTP; eligibility answers beside it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import eventlet
import orjson
import pytest
from eventlet.green.http import client
from nameko.containers import ServiceContainer

from services.eligibility.handlers import HANDLERS as ELIGIBILITY_HANDLERS
from services.eligibility.service import EligibilityService
from services.routing.handlers import HANDLERS
from services.routing.service import RoutingService
from services.routing.tables import api_keys
from shared.http.keys import new_key
from shared.http.management import Management
from shared.http.server import Server
from shared.messaging.runtime import RelayProvider
from tests.support.deciding import READABLE, Family, Part, pair_in

A, B = "families-apart", "time-matters"
SCOPES = ("events:read", "tasks:read", "tasks:write")


class Routing:
    """The running service, and what an agency can ask of it."""

    def __init__(self, routing: Part, eligibility: Part) -> None:
        self.part, self.eligibility = routing, eligibility
        # Somebody has to want what it says: here it hears itself, and has no handler for it.
        queues = {agency: f"waypost.agency.{agency}" for agency in (A, B)}
        routing.runtime.declare({"routing": list(READABLE)}, queues)
        self.container = ServiceContainer(
            RoutingService,
            {
                "runtime": routing.runtime,
                "max_workers": 100,
                "WEB_SERVER_ADDRESS": "127.0.0.1:0",
                "MANAGEMENT_ADDRESS": "127.0.0.1:0",
                "INTERNAL_KEY": "internal-key-of-a-test",
            },
        )
        self.container.start()
        host, _, port = self.container.shared_extensions[Server].address.rpartition(":")
        self.address = (host, int(port))
        self.keys = {agency: self.key(agency, *SCOPES) for agency in (A, B)}

    def stop(self) -> None:
        """The relay ends first and gives its connection back, which stopping the container alone does not wait for."""
        (relay,) = [each.relay for each in self.container.extensions if isinstance(each, RelayProvider)]
        relay.stop()
        pool: Any = self.part.runtime.store.database.engine.pool
        while pool.checkedout():
            eventlet.sleep(0.01)
        self.container.stop()

    def key(self, agency: str, *scopes: str) -> str:
        text, row = new_key(agency, scopes, "a test", self.part.clock.now())
        with self.part.runtime.store.writing() as transaction:
            transaction.insert(api_keys, **vars(row))
        return text

    def asks(self, agency: str, path: str, key: str | None = None, **query: Any) -> tuple[int, Any]:
        """A GET as that agency: status and JSON."""
        return self.sends("GET", agency, f"{path}?{urlencode(query)}" if query else path, key=key)

    def sends(
        self, method: str, agency: str, path: str, body: Any = None, key: str | None = None, once: str | None = None
    ) -> tuple[int, Any]:
        """Anything else as that agency; `once` is an Idempotency-Key."""
        headers = {"Authorization": f"Bearer {key or self.keys[agency]}"}
        if once:
            headers["Idempotency-Key"] = once
        return _answer(self.address, method, path, body, headers)

    def acts(self, agency: str, task_id: str, action: str, once: str | None = None, **said: Any) -> tuple[int, Any]:
        """One action on a task: status and JSON."""
        return self.sends("POST", agency, f"/v1/tasks/{task_id}/{action}", said or None, once=once)

    def operates(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A call of the operations service on the management listener."""
        headers = {"Authorization": "Bearer internal-key-of-a-test"}
        host, _, port = self.container.shared_extensions[Management].address.rpartition(":")
        return _answer((host, int(port)), method, path, body, headers)

    def hears(self, family: Family, *bodies: bytes) -> None:
        before = len(self.eligibility.bodies(family.id))
        self.eligibility.take(*bodies)
        self.part.take(*bodies, *self.eligibility.bodies(family.id)[before:])

    def refers(self, **about: Any) -> Family:
        family = Family()
        self.hears(family, family.submitted(**about))
        return family

    def newest(self, agency: str) -> str:
        """A cursor behind everything that the agency was told so far."""
        while any(row["audience"] and row["position"] is None for row in self.part.rows("outbox")):
            eventlet.sleep(0.01)
        cursor = None
        while True:
            _, page = self.asks(agency, "/v1/events", limit=100, **({"after": cursor} if cursor else {}))
            if not page["events"]:
                return str(page["next"])
            cursor = page["next"]

    def task_of(self, family: Family, agency: str | None = None) -> dict[str, Any]:
        """The family's one task, or its newest at an agency."""
        found = self.part.rows("tasks", referral_id=family.id, **({"agency": agency} if agency else {}))
        assert len(found) == 1 or agency
        return found[-1]

    def stands(self, family: Family) -> dict[str, Any]:
        """Where the referral stands: status, agencies and codes of the last decision."""
        (row,) = self.part.rows("referrals", referral_id=family.id)
        return {name: value for name, value in row["decision"].items() if name != "basis"}

    def facts(self, family: Family, audience: str | None = None) -> list[str]:
        """What was told of it, in order, as facts."""
        return [event.type.removeprefix("uk.waypost.routing.")[:-3] for event in self.part.told(family.id, audience)]


@contextmanager
def running_routing(request: pytest.FixtureRequest, folder: Path) -> Iterator[Routing]:
    """The service on the pair that `request.param` names."""
    pair = pair_in(request, folder)
    eligibility = Part(pair, folder, EligibilityService, ELIGIBILITY_HANDLERS)
    routing = Routing(Part(pair, folder, RoutingService, HANDLERS), eligibility)
    yield routing
    routing.stop()
    eligibility.close()


def _answer(address: tuple[str, int], method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    sent = None if body is None else orjson.dumps(body)
    if sent is not None:
        headers = headers | {"Content-Type": "application/json"}
    with closing(client.HTTPConnection(*address, timeout=30)) as http:
        http.request(method, path, body=sent, headers=headers)
        answer = http.getresponse()
        return answer.status, orjson.loads(answer.read())
