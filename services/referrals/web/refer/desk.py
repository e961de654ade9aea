"""What the pages of the form do: take an answer, change the children, close and open. Nothing here knows how a page looks."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nameko.extensions import DependencyProvider

from services.referrals.known import Known
from services.referrals.schemas import MOST_CHILDREN
from services.referrals.web.refer.document import FAMILY, Document, begun
from services.referrals.web.refer.drafts import Draft, Drafts
from services.referrals.web.refer.journey import Journey
from services.referrals.web.refer.judging import journey_of
from services.referrals.web.refer.sending import Sending
from services.referrals.web.refer.step import Step
from shared.http.limits import RateLimit
from shared.http.problems import FieldError
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store
from shared.web.forms import Form


@dataclass(frozen=True)
class Filled:
    """What became of a page's form: where somebody is now, and what is wrong; `sent` where the form had been sent before."""

    journey: Journey
    step: Step | None = None
    errors: list[FieldError] = field(default_factory=list)
    sent: bool = False


class ReferDesk:
    """One for each service in a process."""

    def __init__(self, store: Store) -> None:
        self.drafts = Drafts(store)
        self.known = Known(store.resources)
        self._store = store
        self.sending = Sending(store, self.drafts, self.known)
        self.guesses = RateLimit(per_second=1 / 60, burst=5)

    @property
    def now(self) -> datetime:
        return self._store.resources.clock.now()

    def journey(self, document: Document) -> Journey:
        """Where this document is on its way."""
        return journey_of(document, self.known, self._store.resources.clock)

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
            if remove is None and len(children) < MOST_CHILDREN:
                children.append({})
            elif remove is not None and len(children) > 1:
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


def _said(journey: Journey) -> list[Any]:
    return [(each["agency"], each["outcome"], each["children"]) for each in journey.view.outcomes]


class ReferDeskProvider(DependencyProvider):
    """Gives the service its desk."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.desk = ReferDesk(runtime.store)

    def get_dependency(self, worker_ctx: Any) -> ReferDesk:
        return self.desk
