"""Answers that are given once: the same Idempotency-Key with the same body gets the first answer again.

The record is written with the work, in one commit, and nothing is asked before: only when the key turns out to be
taken, or the body cannot be taken, is the first answer looked up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from services.referrals.stored import is_erased
from shared.http.first_answers import FirstAnswers
from shared.http.idempotency import Record, Running, fingerprint, key_of, replay
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

TRIES = 3


@dataclass(frozen=True)
class Answer:
    """What is answered: JSON with a status, and the referral it is about."""

    status: int
    referral_id: str
    payload: dict[str, Any]

    def response(self) -> Response:
        headers = {"Location": location(self.referral_id)} if self.status == 201 else None
        return Response(orjson.dumps(self.payload), self.status, headers, content_type="application/json")


Work = Callable[[Transaction], Answer]


def location(referral_id: str) -> str:
    """Where a referral is."""
    return f"/v1/referrals/{referral_id}"


class Once:
    """One for each service in a process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._first = FirstAnswers(store)
        self._running = Running()

    def answer(self, request: Request, attempt: Callable[[], Work]) -> Response:
        """What the work of `attempt` answers, committed; or the first answer to the same key."""
        key = key_of(request)
        if key is None:
            return self._tried(attempt)
        owner = request.caller.owner
        asked = fingerprint(request.method, request.path, request.body)

        def recorded() -> Work:
            work = attempt()
            return lambda transaction: self._record(transaction, work(transaction), owner, key, asked)

        with self._running.hold(owner, key):
            try:
                return self._tried(recorded, lambda: self._first.find(owner, key))
            except (IntegrityError, Problem):
                first = self._first.find(owner, key)
                if first is None:
                    raise
                return _again(first, asked)

    def _tried(self, attempt: Callable[[], Work], taken: Callable[[], Any] = lambda: None) -> Response:
        """Commits; a reference that exists already (once in many thousand) is drawn again."""
        for _ in range(TRIES):
            try:
                answer: Answer = self.store.together(attempt())
                return answer.response()
            except IntegrityError as error:
                if taken():
                    raise
                failed = error
        raise failed

    def _record(self, transaction: Transaction, answer: Answer, owner: str, key: str, asked: str) -> Answer:
        self._first.keep(transaction, owner, key, asked, answer.status, orjson.dumps(answer.payload))
        return answer


def _again(first: Record, asked: str) -> Response:
    if first.status == 410:
        raise is_erased()
    response = replay(first, asked)
    if first.status == 201:
        response.headers["Location"] = location(orjson.loads(first.body)["id"])
    return response
