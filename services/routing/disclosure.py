"""The family behind a task, shown to the agency whose task it is: asked of `referrals` for each look, kept nowhere.

A task that has ended or was recalled shows nothing more; of an open one `referrals` answers what consent allows at that
moment, and writes the look down. Where it cannot be asked nothing is shown, and the agency is told when to ask again.
"""

import re
from typing import Any

import requests
from nameko.extensions import DependencyProvider
from sqlalchemy import Row, select
from werkzeug.wrappers import Response

from services.routing.domain.tasks import CANCELLED, OPEN
from services.routing.tables import tasks
from shared.audit.record import record
from shared.contracts.envelope import is_rehearsal
from shared.http import problems
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 7.0
ASK_AGAIN_AFTER = 5
_CODE = re.compile(r"[a-z][a-z-]{0,79}")


class Disclosure:
    """One for each service in a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._session = requests.Session()
        # A proxy or a .netrc of the machine would be handed the key that services trust each other by.
        self._session.trust_env = False

    def look(self, key: Key, task_id: str) -> Response:
        """`contracts.disclosure.Disclosed` as JSON. Raises problems: 404 (`rehearsal` where it is made up),
        410 with the reason's code, 503."""
        with self._store.reading() as connection:
            query = select(tasks).where(tasks.c.id == task_id, tasks.c.agency == key.owner)
            task = connection.execute(query).first()
        if task is None:
            raise problems.not_found()
        if task.state not in OPEN:
            reason = task.reason if task.state == CANCELLED else f"task-{task.state}"
            self._note_refusal(key, task_id, reason)
            raise _gone(reason)
        if is_rehearsal(task.referral_id):
            raise Problem(
                404, "rehearsal", "This is a rehearsal", "The referral is made up: there is no family behind it."
            )
        return self._ask(key, task)

    def _ask(self, key: Key, task: Row[Any]) -> Response:
        resources = self._store.resources
        try:
            answer = self._session.get(
                f"{resources.settings.referrals_url}/internal/v1/referrals/{task.referral_id}/disclosure",
                params={
                    "agency": task.agency,
                    "task": task.id,
                    "by": f"key:{key.id}",
                    "children": ",".join(task.children),
                },
                headers={"Authorization": f"Bearer {resources.internal_key}"},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException:
            raise problems.unavailable(ASK_AGAIN_AFTER, "referrals-away") from None
        if answer.status_code == 200:
            return Response(answer.content, content_type="application/json")
        if answer.status_code == 404:
            raise _gone("not-held")
        if answer.status_code == 410:
            raise _gone(_code_of(answer))
        raise problems.unavailable(ASK_AGAIN_AFTER, "referrals-away")

    def _note_refusal(self, key: Key, task_id: str, reason: str) -> None:
        """`referrals` was not asked, so the attempt is on record here."""
        with self._store.writing() as transaction:
            record(transaction, f"key:{key.id}", "disclosure-refused", task_id, reason)


def _gone(reason: str) -> Problem:
    return Problem(410, reason, "The family is no longer shown for this task")


def _code_of(answer: requests.Response) -> str:
    try:
        code = answer.json()["code"]
    except (ValueError, KeyError, TypeError):
        code = None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "not-held"


class DisclosureProvider(DependencyProvider):
    """Gives the service its `Disclosure`."""

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.disclosure = Disclosure(runtime.store)

    def get_dependency(self, worker_ctx: Any) -> Disclosure:
        return self.disclosure
