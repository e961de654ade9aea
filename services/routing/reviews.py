"""What a person decides about a referral for which no rule can, and which recalls nobody has acknowledged.

On the management listener, for operations: `GET /v1/reviews`, `GET` and `POST /v1/reviews/<referral_id>`, with what a
ruling would bring about at `POST /v1/reviews/<referral_id>/outlook`; and `GET /v1/recalls`.
"""

from collections.abc import Sequence
from typing import Any

from nameko.extensions import DependencyProvider
from sqlalchemy import Connection, RowMapping, select

from services.routing.capacity import capacities
from services.routing.memory import read_memory
from services.routing.ruling import OutlookSchema, RulingSchema, basis, foresee, may_route_to, rule
from services.routing.tables import RECALLED, referrals, rulings, tasks
from shared.contracts.envelope import REHEARSAL
from shared.http import problems
from shared.http.management import Management
from shared.http.pages import as_page, read_page
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.store import Store


class ReviewDesk(DependencyProvider):
    """`reviews = ReviewDesk()` on the service."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.store: Store = runtime.store
        self.management.add("GET", "/v1/reviews", lambda request: list_reviews(self.store, request))
        self.management.add(
            "GET", "/v1/reviews/<referral_id>", lambda request, referral_id: show_review(self.store, referral_id)
        )
        self.management.add(
            "POST",
            "/v1/reviews/<referral_id>",
            lambda request, referral_id: rule(self.store, referral_id, request.load(RulingSchema())),
        )
        self.management.add(
            "POST",
            "/v1/reviews/<referral_id>/outlook",
            lambda request, referral_id: foresee(self.store, referral_id, request.load(OutlookSchema())),
        )
        self.management.add("GET", "/v1/recalls", lambda request: list_recalls(self.store, request))

    def get_dependency(self, worker_ctx: Any) -> "ReviewDesk":
        return self


def list_reviews(store: Store, request: Request) -> dict[str, Any]:
    """The referrals that wait for a person, the oldest first, of one `reason` where it is given."""
    page = read_page(request.args, str)
    query = select(referrals).where(referrals.c.review.is_not(None)).order_by(referrals.c.referral_id)
    if "reason" in request.args:
        query = query.where(referrals.c.review == request.args["reason"])
    if page.after:
        query = query.where(referrals.c.referral_id > page.after[0])
    with store.reading() as connection:
        rows = connection.execute(query.limit(page.limit + 1)).mappings().all()
    return as_page(rows, page, lambda row: (row["referral_id"],), _listed)


def show_review(store: Store, referral_id: str) -> dict[str, Any]:
    """All that routing knows of a referral, whether it waits for a person or not; raises a 404 problem."""
    with store.reading() as connection:
        row = connection.execute(select(referrals).where(referrals.c.referral_id == referral_id)).mappings().first()
        if row is None:
            raise problems.not_found()
        memory = read_memory(connection, row)
        full = capacities(connection, store.resources)
        beside = select(referrals.c.referral_id, referrals.c.reference).where(
            referrals.c.referral_id.in_(memory.known.duplicates)
        )
        references = {each.referral_id: each.reference for each in connection.execute(beside)}
        shown = _listed(row) | {
            "status": memory.decision.status if memory.decision else "screening",
            "chosen": list(memory.known.chosen),
            "outcomes": [
                {
                    "agency": each.agency,
                    "outcome": each.outcome,
                    "missing": list(each.missing),
                    "covered_by_consent": memory.known.covers(each.agency),
                    "capacity": full[each.agency].state if each.agency in full else "open",
                    "receipt": each.receipt,
                }
                for each in memory.known.outcomes
            ],
            "basis": basis(memory),
            "may_route_to": may_route_to(memory),
            "duplicates": [
                {"referral_id": each, "reference": references.get(each)} for each in sorted(memory.known.duplicates)
            ],
            "tasks": [
                {"id": each.id, "agency": each.agency, "state": each.state, "reason": each.reason}
                for each in memory.tasks
            ],
            "rulings": _rulings(store, connection, referral_id),
        }
    return shown


def list_recalls(store: Store, request: Request) -> dict[str, Any]:
    """Recalled tasks, the oldest first: those that nobody has acknowledged, or all with `acknowledged=any`."""
    page = read_page(request.args, str)
    made_up = tasks.c.referral_id.startswith(REHEARSAL)
    query = select(tasks).where(tasks.c.state == "cancelled", ~made_up).order_by(tasks.c.id)
    if request.args.get("acknowledged", "false") == "false":
        query = query.where(RECALLED)
    if page.after:
        query = query.where(tasks.c.id > page.after[0])
    with store.reading() as connection:
        rows = connection.execute(query.limit(page.limit + 1)).mappings().all()
    return as_page(rows, page, lambda row: (row["id"],), _recalled)


def _listed(row: RowMapping) -> dict[str, Any]:
    decision = row["decision"] or {}
    return {
        "referral_id": row["referral_id"],
        "reference": row["reference"],
        "kind": row["kind"],
        "reason": row["review"],
        "agencies": decision.get("agencies", []),
        "changed_at": row["changed_at"],
    }


def _recalled(row: RowMapping) -> dict[str, Any]:
    told = ("referral_id", "reference", "agency", "reason", "recall_acknowledged_at")
    return {"task_id": row["id"], "recalled_at": row["changed_at"], **{name: row[name] for name in told}}


def _rulings(store: Store, connection: Connection, referral_id: str) -> Sequence[dict[str, Any]]:
    query = select(rulings).where(rulings.c.referral_id == referral_id).order_by(rulings.c.id)
    return [
        {
            **{name: row[name] for name in ("at", "actor", "decision", "agency")},
            "reason": store.resources.keyring.open(f"ruling {row['id']}", bytes(row["reason"])).decode(),
        }
        for row in connection.execute(query).mappings()
    ]
