"""Data protection on the management listener of referrals, for operations; and the clock that keeps to the periods.

`POST /v1/erasures`, `POST /v1/subject-access`, `GET /v1/retention` (preview), `POST /v1/retention` (run),
`GET /v1/retention/report`, `POST /v1/holds`, `POST /v1/holds/release`. Everything that is done is in the audit.
"""

from dataclasses import asdict
from typing import Any

import eventlet
import structlog
from marshmallow import Schema, fields, validate
from nameko.extensions import DependencyProvider

from services.referrals import retention
from services.referrals.erasing import REASONS, clear, erase
from services.referrals.subject_access import export
from services.referrals.tables import drafts, idempotency, metadata, referral_keys
from shared.clock import london_date
from shared.http.first_answers import SEALED_AS
from shared.http.management import Management
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.sealed_columns import sealed_messages
from shared.privacy.desk import Kept
from shared.privacy.rewrapping import Sealed, Wrapped

log = structlog.get_logger(__name__)

LOOKS_EVERY_SECONDS = 600.0
MOST = 200
"""Referrals that are removed while somebody waits for the answer; they ask again for the rest."""

KEPT = Kept(
    sealed=(
        Wrapped(referral_keys, "referral_id"),
        Sealed(idempotency, "body", lambda row: SEALED_AS),
        Sealed(drafts, "sealed", lambda row: f"draft {row.id}"),
        *sealed_messages(metadata),
    ),
    clear=clear,
)


class _Act(Schema):
    reference = fields.String(required=True, validate=validate.Length(1, 20))
    actor = fields.String(required=True, validate=validate.Length(1, 80))


class _Erasure(_Act):
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))


class _Hold(_Act):
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class _Run(Schema):
    actor = fields.String(required=True, validate=validate.Length(1, 80))


class DataProtectionDesk(DependencyProvider):
    """`data_protection = DataProtectionDesk()` on the service."""

    management = Management()

    def setup(self) -> None:
        runtime: Runtime = self.container.config["runtime"]
        self.store = store = runtime.store
        self._done_on: Any = None
        self._stopping = False
        add = self.management.add
        add("POST", "/v1/erasures", lambda request: asdict(erase(store, **request.load(_Erasure()))))
        add("POST", "/v1/subject-access", lambda request: export(store, **request.load(_Act())))
        add("GET", "/v1/retention", lambda request: retention.preview(store))
        add(
            "POST",
            "/v1/retention",
            lambda request: {"removed": retention.run(store, **request.load(_Run()), most=MOST)},
        )
        add("GET", "/v1/retention/report", lambda request: retention.report(store))
        add("POST", "/v1/holds", lambda request: self._held(request, retention.hold))
        add("POST", "/v1/holds/release", lambda request: self._held(request, retention.release))

    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier="retention")

    def stop(self) -> None:
        self._stopping = True

    def get_dependency(self, worker_ctx: Any) -> "DataProtectionDesk":
        return self

    def _held(self, request: Request, act: Any) -> dict[str, Any]:
        act(self.store, **request.load(_Hold()))
        return {}

    def _run(self) -> None:
        """Once on each day in London, and again until a day's round came to its end."""
        while not self._stopping:
            today = london_date(self.store.resources.clock.now())
            if today != self._done_on:
                try:
                    removed = retention.run(self.store)
                    self._done_on = today
                    log.info("retention.done", removed=removed)
                except Exception as error:
                    log.warning("retention.interrupted", error=type(error).__name__)
            eventlet.sleep(LOOKS_EVERY_SECONDS)
