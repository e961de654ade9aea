"""What the pages of the form do: read it by the API's own checks, write to it, send it. Nothing here knows how a page looks."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import eventlet
import orjson
from nameko.extensions import DependencyProvider
from sqlalchemy import select

from services.referrals import forms
from services.referrals.check import check
from services.referrals.front import Front
from services.referrals.known import Known
from services.referrals.once import Answer, Work
from services.referrals.tables import consents, referrals
from services.referrals.web.refer.document import FAMILY, Document, begun, check_of, referral_of
from services.referrals.web.refer.drafts import Draft, Drafts, move_on
from services.referrals.web.refer.journey import Journey, unasked
from services.referrals.web.refer.steps import Step
from services.referrals.web.refer.view import View
from shared.clock import london_date
from shared.http.first_answers import FirstAnswers
from shared.http.idempotency import HEADER
from shared.http.keys import Key
from shared.http.limits import RateLimit
from shared.http.problems import FieldError, Problem
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from shared.web.forms import Form

WEB = Key("web", "web", frozenset({"referrals:write"}))
"""Whose the referrals are that come from these pages."""
_SENT_BEFORE = ("idempotency-key-reused", "idempotency-key-running")
_WAITS, _WAIT = 50, 0.1  # for the first click, where a second one came while it ran


@dataclass(frozen=True)
class Filled:
    """What became of a page's form: where somebody is now, and what is wrong; `sent` where the form had been sent before."""

    journey: Journey
    step: Step | None = None
    errors: list[FieldError] = field(default_factory=list)
    sent: bool = False


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


class ReferDesk:
    """One for each service in a process."""

    def __init__(self, store: Store) -> None:
        self.drafts = Drafts(store)
        self.known = Known(store.resources)
        self._store = store
        self._first = FirstAnswers(store)
        self.guesses = RateLimit(per_second=1 / 60, burst=5)

    @property
    def now(self) -> datetime:
        return self._store.resources.clock.now()

    def journey(self, document: Document) -> Journey:
        """Where this document is on its way, by what the API's checks and the agencies' rules say of it."""
        errors: list[FieldError] = []
        outcomes: tuple[Mapping[str, Any], ...] = ()
        try:
            asked = check(check_of(document, london_date(self.now)), self.known, self._store.resources.clock)
            outcomes = tuple(asked["agencies"])
        except Problem as problem:
            errors += problem.errors
        view = View(document, outcomes, self.known, self.now)
        try:
            forms.NEW_REFERRAL.read(referral_of(document, unasked(view)), self.known, self.now)
        except Problem as problem:
            errors += problem.errors
        return Journey(view, errors)

    def begin(self, kind: str, path: str, form: Form) -> tuple[Filled, str | None]:
        """Takes the first page of a form of this kind; the secret of the new form, unless something is wrong."""
        filled, document = self._filled(begun(kind), path, form)
        return filled, None if filled.errors else self.drafts.begin(document)

    def fill(self, secret: str | None, path: str, form: Form) -> Filled:
        """Takes a page. What it does not ask is left as it is, so that two tabs do not undo each other. Raises NoDraft."""
        return self._write(secret, lambda document: self._filled(document, path, form))

    def change_children(self, secret: str | None, remove: int | None) -> Filled:
        """Adds a child about whom nothing is known yet, or takes one out; the last one stays. Raises NoDraft."""

        def work(before: Document) -> tuple[Filled, Document]:
            document = deepcopy(before)
            children = document.setdefault("children", [])
            if remove is None:
                children.append({})
            elif len(children) > 1:
                del children[remove : remove + 1]
            document["form"]["seen"] = [name for name in document["form"]["seen"] if name != "children"]
            return Filled(self.journey(document)), document

        return self._write(secret, work)

    def _write(self, secret: str | None, work: Callable[[Document], tuple[Filled, Document]]) -> Filled:
        """Keeps what `work` made of the document. After a long time it is kept too, and the form is closed until opened."""

        def change(draft: Draft) -> tuple[Document | None, Filled]:
            if draft.referral_id:
                return None, Filled(self.journey(begun(FAMILY)), sent=True)
            filled, document = work(draft.document)
            if draft.is_closed(self.now):
                document = document | {"form": document["form"] | {"closed": True}}
            return (None if filled.errors else document), filled

        return self.drafts.change(secret, change)

    def _filled(self, before: Document, path: str, form: Form) -> tuple[Filled, Document]:
        here = self.journey(before)
        step = here.find(path)
        if step is None:
            return Filled(here), before
        document = deepcopy(before)
        errors = [error for each in step.fields for error in each.fill(form, document, here.view)]
        there = self.journey(document)
        same = there.find(path) or step
        known = {error.pointer for error in errors}
        errors += [error for error in there.errors_of(same) if error.pointer not in known]
        if errors:
            return Filled(here, step, step.in_order(errors)), before
        seen = step.seen(document)
        if step.name not in seen:
            seen.append(step.name)
        if _said(here) != _said(there) and "answer" in document["form"]["seen"]:
            # Who can help is another question now: nobody goes on without having seen the new answer.
            document["form"]["seen"].remove("answer")
        return Filled(self.journey(document), step), document

    def reopen(self, secret: str | None) -> None:
        """Somebody is there who knows what stands in the form."""

        def change(draft: Draft) -> tuple[Document | None, None]:
            if draft.referral_id:
                return None, None
            return draft.document | {"form": draft.document["form"] | {"closed": False}}, None

        self.drafts.change(secret, change)

    def link(self, secret: str | None) -> str:
        """The address under which a form is found again."""
        return f"{self._store.resources.settings.public_url.rstrip('/')}/refer/return/{secret}"

    def send(self, secret: str | None, front: Front) -> bool:
        """Sends the form by the very way of the API: once, however often it is asked for. False where something is missing.

        The referral and the end of the form are one commit.
        """
        while True:
            draft = self.drafts.find(secret)
            if draft.referral_id:
                return True
            journey = self.journey(draft.document)
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

            def work(transaction: Any) -> Answer:
                answer = take(transaction)
                if not move_on(transaction, draft, sealed=None, referral_id=answer.referral_id):
                    raise _ChangedMeanwhile
                return answer

            return work

        front.once.answer(request, attempt)

    def _is_sent(self, secret: str | None) -> bool:
        for _ in range(_WAITS):
            if self.drafts.find(secret).referral_id:
                return True
            eventlet.sleep(_WAIT)
        return False

    def sent(self, draft: Draft) -> Sent | None:
        """What is told of a form that was sent; None for one that was not."""
        if draft.referral_id is None:
            return None
        first = self._first.find(WEB.owner, draft.id)
        answer = orjson.loads(first.body) if first and not draft.is_idle(self.now) else {}
        with self._store.reading() as connection:
            row = connection.execute(select(referrals).where(referrals.c.id == draft.referral_id)).one()
            newest = select(consents.c.scope).where(consents.c.referral_id == row.id).order_by(consents.c.id).limit(1)
            scope = connection.execute(newest).scalar()
        agencies = scope or row.facts.get("chosen_agencies") or []
        family = row.referrer_type == "family"
        return Sent(row.reference, answer.get("tracking_url"), row.kind, family, agencies)


def _said(journey: Journey) -> list[Any]:
    return [(each["agency"], each["outcome"], each["children"]) for each in journey.view.outcomes]


_HTTP_KEY = f"HTTP_{HEADER.upper().replace('-', '_')}"


class ReferDeskProvider(DependencyProvider):
    """Gives the service its desk."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.desk = ReferDesk(runtime.store)

    def get_dependency(self, worker_ctx: Any) -> ReferDesk:
        return self.desk
