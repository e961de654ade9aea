"""Who may call a service's routes: its keys, how often each may call, and how often an address may be wrong.

`config`: KEY_RATE and KEY_BURST (requests a second for each key), FAILED_RATE and FAILED_BURST (refused keys for each
client address: who guesses is stopped before the database is asked).
"""

from collections.abc import Callable
from typing import Any

from nameko.extensions import DependencyProvider

from shared.http.keys import Authenticator, KeyRow
from shared.http.limits import RateLimit
from shared.http.problems import Problem
from shared.http.request import Request
from shared.http.server import Server

KEY_RATE = 200
KEY_BURST = 1000
FAILED_RATE = 1
FAILED_BURST = 30


class Access(DependencyProvider):
    """`access = Access(find)` on a service; `find(container, key_id)` looks a key up in the service's database."""

    server = Server()

    def __init__(self, find: Callable[[Any, str], KeyRow | None]) -> None:
        self._find = find

    def setup(self) -> None:
        config = self.container.config
        self._authenticator = Authenticator(lambda key_id: self._find(self.container, key_id))
        self._keys = RateLimit(config.get("KEY_RATE", KEY_RATE), config.get("KEY_BURST", KEY_BURST))
        self._failed = RateLimit(config.get("FAILED_RATE", FAILED_RATE), config.get("FAILED_BURST", FAILED_BURST))
        self.server.access = self

    def admit(self, request: Request, scope: str, address: str) -> None:
        """Puts the key on the request, when it has the scope and calls left; raises 401, 403 and 429 problems."""
        self._failed.check(address)
        try:
            key = request.key = self._authenticator.authenticate(request.environ.get("HTTP_AUTHORIZATION"))
        except Problem:
            self._failed.take(address)
            raise
        self._keys.take(key.id)
        key.require(scope)

    def get_dependency(self, worker_ctx: Any) -> None:
        """Nothing: a handler finds who asks at `request.key`."""
