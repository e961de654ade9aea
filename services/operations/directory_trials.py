"""A draft run over the facts of past referrals: begun by a person, carried on by this process, looked at meanwhile.

The facts stay where they are: the referrals service looks at some hundreds at a time and says what would be decided
otherwise. How far it has come is in the database, so a run that a stop cut off is taken on by `resume`.
"""

from datetime import timedelta
from typing import Any

import eventlet
import structlog
from sqlalchemy import delete, insert, select, update

from services.operations.desks import Desks
from services.operations.directory_kept import DONE, DRAFT, RUNNING, changes, version_row, versions
from shared.audit.record import record
from shared.http import problems
from shared.http.problems import Problem
from shared.messaging.store import Store

AT_ONCE = 250
MOST_LISTED = 5000
"""So many changes are listed; all are counted."""
STANDS_AFTER = timedelta(seconds=30)
log = structlog.get_logger(__name__)


def begin(store: Store, desks: Desks, draft_id: str, actor: str) -> None:
    """Begins anew; raises problems: 404, 409."""
    with store.writing() as transaction:
        if version_row(transaction.connection, draft_id)["state"] != DRAFT:
            raise problems.conflict("not-a-draft", "This is no draft any more")
        transaction.execute(delete(changes).where(changes.c.version_id == draft_id))
        transaction.execute(
            update(versions)
            .where(versions.c.id == draft_id)
            .values(
                trial_state=RUNNING,
                trial_live=None,
                trial_after="",
                trial_total=0,
                trial_looked=0,
                trial_counts={},
                trial_moved_at=transaction.now,
            )
        )
        record(transaction, actor, "directory.tried", draft_id)
    eventlet.spawn_n(run, store, desks, draft_id)


def resume(store: Store, desks: Desks) -> None:
    """Takes on what stands still, since the process that ran it has ended or referrals did not answer."""
    stands = versions.c.trial_moved_at < store.resources.clock.now() - STANDS_AFTER
    query = select(versions.c.id).where(versions.c.state == DRAFT, versions.c.trial_state == RUNNING, stands)
    with store.reading() as connection:
        found = connection.execute(query).scalars().all()
    for draft_id in found:
        eventlet.spawn_n(run, store, desks, draft_id)


def run(store: Store, desks: Desks, draft_id: str) -> None:
    """Goes on until all referrals were looked at, the services do not answer, or somebody else runs it."""
    try:
        while _step(store, desks, draft_id):
            pass
    except Problem as problem:
        log.warning("directory.trial-stands", draft=draft_id, problem=problem.code)


def _step(store: Store, desks: Desks, draft_id: str) -> bool:
    """Some hundreds more. False when it is done, or not ours any more."""
    with store.reading() as connection:
        draft = version_row(connection, draft_id)
    if draft["trial_state"] != RUNNING:
        return False
    after = draft["trial_after"]
    asked = {"files": draft["files"], "after": after, "limit": AT_ONCE}
    found = desks.ask("referrals", "POST", "/v1/directory/trials", json=asked)
    if after and found["live"] != draft["trial_live"]:
        # Another version went live in between: half of an answer about each is none.
        found = {**found, "changes": [], "looked": 0, "erased": 0, "next": ""}
    counts = dict(draft["trial_counts"]) if found["next"] != "" else {}
    for change in [*found["changes"], *[{"kind": "erased"}] * found["erased"]]:
        counts[change["kind"]] = counts.get(change["kind"], 0) + 1
    looked = draft["trial_looked"] + found["looked"] if found["next"] != "" else 0
    mine = (versions.c.id == draft_id, versions.c.trial_state == RUNNING, versions.c.trial_after == after)
    with store.writing() as transaction:
        moved = (
            update(versions)
            .where(*mine)
            .values(
                trial_state=DONE if found["next"] is None else RUNNING,
                trial_live=found["live"],
                trial_after=found["next"] if found["next"] is not None else after,
                trial_total=found["total"],
                trial_looked=looked,
                trial_counts=counts,
                trial_moved_at=transaction.now,
            )
        )
        if not transaction.execute(moved).rowcount:
            return False
        if found["next"] == "":
            transaction.execute(delete(changes).where(changes.c.version_id == draft_id))
        rows = _rows(draft, found["changes"])
        if rows:
            transaction.execute(insert(changes), rows)
    return found["next"] is not None


def _rows(draft: Any, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbered on from those that were found before, up to MOST_LISTED."""
    before = sum(count for kind, count in draft["trial_counts"].items() if kind != "erased")
    return [
        {
            "version_id": draft["id"],
            "number": number,
            "referral_id": change["referral_id"],
            "reference": change["reference"],
            "kind": change["kind"],
            "agencies": change["agencies"],
        }
        for number, change in enumerate(found, start=before + 1)
        if number <= MOST_LISTED
    ]
