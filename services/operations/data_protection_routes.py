"""The routes by which people protect data: see what is held, erase, hold, keep to the periods, watch master keys.

A service that has them is a `DataProtectionRoutes`. They have a scope of their own: whoever may see queues may not read or
erase a family. Who does what is written down by the services that do it.
"""

from typing import Any
from urllib.parse import quote

from marshmallow import Schema, fields, validate

from services.operations.desks import WATCHED, DesksProvider
from services.operations.held import KEPT
from shared.http import problems
from shared.http.request import Request
from shared.http.route import route
from shared.privacy.desk import PrivacyDesk

SCOPE = "data-protection"
REASONS = ("asked-by-family", "asked-by-referrer", "no-lawful-basis", "other")
HOLDERS = ("eligibility", "routing", "notifications")


class AboutReferral(Schema):
    """Which referral, by its reference."""

    reference = fields.String(required=True, validate=validate.Length(1, 20))


class AskedErasure(AboutReferral):
    """Which referral to erase for good, and why."""

    reason = fields.String(required=True, validate=validate.OneOf(REASONS))


class AskedHold(AboutReferral):
    """Which referral is to be kept, or not any more, and why; the reason is sealed."""

    reason = fields.String(required=True, validate=validate.Length(3, 500))


class Erasure(Schema):
    """What was erased. `seen_by` are agencies that were shown the family: tell them, for what they hold is theirs."""

    referral_id = fields.String(required=True)
    reference = fields.String(required=True)
    again = fields.Boolean(required=True)
    seen_by = fields.List(fields.String(), required=True)


class Export(Schema):
    """All that is held about a referral, by the service that holds it. It is personal: give it to nobody else."""

    referral_id = fields.String(required=True)
    reference = fields.String(required=True)
    held = fields.Dict(required=True)


class Preview(Schema):
    """What the periods would remove now: how many by each rule, and which."""

    periods = fields.Dict(required=True)
    counts = fields.Dict(required=True)
    items = fields.List(fields.Dict(), required=True)


class Removed(Schema):
    """How many referrals were removed; ask again until it is none."""

    removed = fields.Integer(required=True)


class Report(Schema):
    """What was removed, counted by day and rule; and what is held though its time may be over."""

    removed = fields.List(fields.Dict(), required=True)
    held = fields.List(fields.Dict(), required=True)


class Nothing(Schema):
    """Done."""


class MasterKeys(Schema):
    """For each service the master keys that it knows, the newest last, and how much stands under each older one."""

    services = fields.Dict(required=True)


class DataProtectionRoutes:
    """Routes only."""

    desks = DesksProvider()
    privacy = PrivacyDesk(KEPT)

    @route(
        "POST",
        "/v1/erasures",
        scope=SCOPE,
        summary="Erase a referral for good: its key is destroyed, agencies are recalled",
        body=AskedErasure,
        returns={200: Erasure},
        problems=[404, 409],
    )
    def erase(self, request: Request) -> Any:
        return self._protect("/v1/erasures", request, AskedErasure())

    @route(
        "POST",
        "/v1/subject-access",
        scope=SCOPE,
        summary="All that is held about a referral, from every service; the look is on record",
        body=AboutReferral,
        returns={200: Export},
        problems=[404, 410, 503],
    )
    def subject_access(self, request: Request) -> Any:
        found = self._protect("/v1/subject-access", request, AboutReferral())
        path = f"/v1/held/{quote(found['referral_id'], safe='')}"
        held = {"referrals": found["held"]} | {name: self.desks.ask(name, "GET", path) for name in HOLDERS}
        return found | {"held": held}

    @route(
        "GET",
        "/v1/retention",
        scope=SCOPE,
        summary="What the directory's periods would remove now",
        returns={200: Preview},
        problems=[503],
    )
    def preview_retention(self, request: Request) -> Any:
        return self.desks.ask("referrals", "GET", "/v1/retention")

    @route(
        "POST",
        "/v1/retention",
        scope=SCOPE,
        summary="Remove now what the clock would remove within a day",
        returns={200: Removed},
        problems=[503],
    )
    def run_retention(self, request: Request) -> Any:
        return self.desks.ask("referrals", "POST", "/v1/retention", json={"actor": _actor(request)})

    @route(
        "GET",
        "/v1/retention/report",
        scope=SCOPE,
        summary="What was removed, by day and rule, and what is held",
        returns={200: Report},
        problems=[503],
    )
    def retention_report(self, request: Request) -> Any:
        return self.desks.ask("referrals", "GET", "/v1/retention/report")

    @route(
        "POST",
        "/v1/holds",
        scope=SCOPE,
        summary="Keep a referral though its time may be over",
        body=AskedHold,
        returns={200: Nothing},
        problems=[404, 409, 410],
    )
    def hold(self, request: Request) -> Any:
        return self._protect("/v1/holds", request, AskedHold())

    @route(
        "POST",
        "/v1/holds/release",
        scope=SCOPE,
        summary="End a hold: the periods count again",
        body=AskedHold,
        returns={200: Nothing},
        problems=[404, 409, 410],
    )
    def release(self, request: Request) -> Any:
        return self._protect("/v1/holds/release", request, AskedHold())

    @route(
        "GET",
        "/v1/master-keys",
        scope="operations:read",
        summary="Which master keys are in use, and how far rewrapping has come",
        returns={200: MasterKeys},
    )
    def master_keys(self, request: Request) -> Any:
        found: dict[str, Any] = {"operations": self.privacy.master_keys()}
        for name in WATCHED:
            try:
                found[name] = self.desks.ask(name, "GET", "/v1/master-keys")
            except problems.Problem:
                found[name] = {"unreachable": True}
        return {"services": found}

    def _protect(self, path: str, request: Request, schema: Schema) -> Any:
        return self.desks.ask("referrals", "POST", path, json=request.load(schema) | {"actor": _actor(request)})


def _actor(request: Request) -> str:
    return f"key:{request.caller.id}"
