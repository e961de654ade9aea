"""The referrals service, listening, and a client of it over its sockets."""

from contextlib import closing
from typing import Any

import eventlet
import orjson
from eventlet.green.http import client
from nameko.containers import ServiceContainer

from services.referrals.handlers import HANDLERS
from services.referrals.service import ReferralsService
from shared.http.server import Server
from shared.http.stored_keys import create_key
from shared.messaging.runtime import RelayProvider
from tests.support.referring import ReferralsDesk

INTERNAL_KEY = "internal-key-of-a-test"


class Running:
    """The service, listening; and a client."""

    def __init__(self, desk: ReferralsDesk) -> None:
        self.desk = desk
        runtime = desk.runtime
        runtime.declare({"referrals": [schema.type() for schema in HANDLERS]}, {})
        config = {
            "runtime": runtime,
            "WEB_SERVER_ADDRESS": "127.0.0.1:0",
            "MANAGEMENT_ADDRESS": "127.0.0.1:0",
            "INTERNAL_KEY": INTERNAL_KEY,
            "max_workers": 10,
            "FAILED_BURST": 1000,
            "ADDRESS_BURST": 1000,
        }
        self.container = ServiceContainer(ReferralsService, config)
        self.container.start()
        self.address = self.container.shared_extensions[Server].address
        self.key = create_key(runtime.store, "test-school", ["referrals:read", "referrals:write"], "office")

    def stop(self) -> None:
        # The relay gives its connection back a moment after it is told to stop: before the pool is closed, not after.
        next(each.relay for each in self.container.dependencies if isinstance(each, RelayProvider)).stop()
        pool: Any = self.desk.runtime.store.database.engine.pool
        with eventlet.Timeout(10):
            while pool.checkedout():
                eventlet.sleep(0.02)
        self.container.stop()

    def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body; with the school's key unless another is named ("" is none)."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key != "":
            sent["Authorization"] = f"Bearer {key or self.key}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        host, _, port = self.address.rpartition(":")
        with closing(client.HTTPConnection(host, int(port), timeout=10)) as http:
            http.request(method, path, None if body is None else orjson.dumps(body), sent)
            answer = http.getresponse()
            return answer.status, dict(answer.headers), answer.read()
