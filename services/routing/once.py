"""A move is made once: the same Idempotency-Key with the same body gets the first answer again.

The record is written with the move, in one commit; only when the key turns out to be taken, or the move cannot be made
any more, is the first answer looked up.
"""

from collections.abc import Callable
from typing import Any

import orjson
from nameko.extensions import DependencyProvider
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from shared.http.first_answers import FirstAnswers
from shared.http.idempotency import Running, fingerprint, key_of, replay
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

Work = Callable[[Transaction], Any]


class Once:
    """One for each service in a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first = FirstAnswers(store)
        self._running = Running()

    def answer(self, request: Request, work: Work) -> Response:
        """What `work` answers as JSON, committed; or the first answer to the same key. Raises what `work` raises."""
        key = key_of(request)
        if key is None:
            return _response(orjson.dumps(self._store.together(work)))
        asked = fingerprint(request.method, request.path, request.body)
        return self.under(request.caller.owner, key, asked, work)

    def under(self, owner: str, key: str, asked: str, work: Work) -> Response:
        """The same for an owner's key that came some other way; `asked` is the fingerprint of what was asked."""

        def recorded(transaction: Transaction) -> bytes:
            body = orjson.dumps(work(transaction))
            self._first.keep(transaction, owner, key, asked, 200, body)
            transaction.flush()
            return body

        with self._running.hold(owner, key):
            try:
                return _response(self._store.together(recorded))
            except (IntegrityError, Problem):
                first = self._first.find(owner, key)
                if first is None:
                    raise
                return replay(first, asked)


def _response(body: bytes) -> Response:
    return Response(body, 200, content_type="application/json")


class OnceProvider(DependencyProvider):
    """Gives a service its `Once`."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.once = Once(runtime.store)

    def get_dependency(self, worker_ctx: Any) -> Once:
        return self.once
