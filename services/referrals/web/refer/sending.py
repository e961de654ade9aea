"""A form is sent by the very way of the API, and once: the referral and the end of the form are one commit."""

from dataclasses import dataclass

import eventlet
import orjson
from sqlalchemy import select

from services.referrals.front import Front
from services.referrals.known import Known
from services.referrals.once import Answer, Work
from services.referrals.tables import consents, referrals
from services.referrals.web.refer.document import Document, referral_of
from services.referrals.web.refer.drafts import Draft, Drafts, move_on
from services.referrals.web.refer.journey import unasked
from services.referrals.web.refer.judging import journey_of
from shared.http.first_answers import FirstAnswers
from shared.http.idempotency import HEADER
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

WEB = Key("web", "web", frozenset({"referrals:write"}))
"""Whose the referrals are that come from these pages."""
_SENT_BEFORE = ("idempotency-key-reused", "idempotency-key-running")
_HTTP_KEY = f"HTTP_{HEADER.upper().replace('-', '_')}"
_WAITS, _WAIT = 50, 0.1  # for the first click, where a second one came while it ran


@dataclass(frozen=True)
class Sent:
    """What is told of a referral that was sent; the address of its page only for a while."""

    reference: str
    tracking_url: str | None
    kind: str
    family: bool
    agencies: list[str]


class _ChangedMeanwhile(Exception):
    """Somebody wrote to the form between its reading and its sending."""


class Sending:
    """One for each service in a process."""

    def __init__(self, store: Store, drafts: Drafts, known: Known) -> None:
        self._store = store
        self._clock = store.resources.clock
        self._drafts = drafts
        self._known = known
        self._first = FirstAnswers(store)

    def send(self, secret: str | None, front: Front) -> bool:
        """Sends the form by the very way of the API: once, however often it is asked for. False where something is missing.

        The referral and the end of the form are one commit.
        """
        while True:
            draft = self._drafts.find(secret)
            if draft.referral_id:
                return True
            journey = journey_of(draft.document, self._known, self._clock)
            if journey.next is not None or journey.view.hopeless:
                return False
            try:
                self._send(draft, referral_of(draft.document, unasked(journey.view)), front)
            except _ChangedMeanwhile:
                continue
            except Problem as problem:
                if problem.code not in _SENT_BEFORE:
                    raise
                return self._is_sent(secret)
            return True

    def _send(self, draft: Draft, body: Document, front: Front) -> None:
        raw = orjson.dumps(body)
        request = Request({"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/referrals", _HTTP_KEY: draft.id})
        request.key, request.body = WEB, raw

        def attempt() -> Work:
            take = front.intake.accept(orjson.loads(raw), WEB)

            def work(transaction: Transaction) -> Answer:
                answer = take(transaction)
                if not move_on(transaction, draft, sealed=None, referral_id=answer.referral_id):
                    raise _ChangedMeanwhile
                return answer

            return work

        front.once.answer(request, attempt)

    def _is_sent(self, secret: str | None) -> bool:
        for _ in range(_WAITS):
            if self._drafts.find(secret).referral_id:
                return True
            eventlet.sleep(_WAIT)
        return False

    def sent(self, draft: Draft) -> Sent | None:
        """What is told of a form that was sent; None for one that was not."""
        if draft.referral_id is None:
            return None
        first = self._first.find(WEB.owner, draft.id)
        answer = orjson.loads(first.body) if first and not draft.is_idle(self._clock.now()) else {}
        with self._store.reading() as connection:
            row = connection.execute(select(referrals).where(referrals.c.id == draft.referral_id)).one()
            newest = select(consents.c.scope).where(consents.c.referral_id == row.id).order_by(consents.c.id).limit(1)
            scope = connection.execute(newest).scalar()
        agencies = scope or row.facts.get("chosen_agencies") or []
        family = row.referrer_type == "family"
        return Sent(row.reference, answer.get("tracking_url"), row.kind, family, agencies)
