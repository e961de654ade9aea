"""Taking a referral: everything is read, checked, placed and sealed first, then written in one shared commit.

The event is in the same commit, so a referral that was answered with 201 reaches the other services, and one that was
not reaches nobody. All that is asked of the database on the way is who else referred the child, once for each commit.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.referrals import forms
from services.referrals.domain import first_state
from services.referrals.duplicates import Duplicates
from services.referrals.facts import facts_of
from services.referrals.known import Known
from services.referrals.once import Answer, Work
from services.referrals.period import clock_of
from services.referrals.tables import children, consents, referral_keys, referrals, timeline
from shared.clock import london_date
from shared.contracts.referrals import ReferralSubmitted
from shared.http.keys import Key
from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.privacy.sealed import DataKey
from shared.references import new_reference
from shared.resources import Resources

TOKEN_BYTES = 32
NOT_DETAILS = ("children", "consent")


class Intake:
    """One for each service in a process."""

    def __init__(self, resources: Resources, known: Known) -> None:
        self._clock = resources.clock
        self._keyring = resources.keyring
        self._public_url = resources.settings.public_url.rstrip("/")
        self._known = known
        self.duplicates = Duplicates()

    def accept(self, raw: Any, key: Key) -> Work:
        """The work that stores the referral in `raw`; raises a 422 problem with every error."""
        now = self._clock.now()
        body = forms.NEW_REFERRAL.read(raw, self._known, now)
        referral_id, reference, token = new_id(), new_reference(), secrets.token_urlsafe(TOKEN_BYTES)
        data_key, wrapped = self._keyring.new_key(referral_id)
        details = {name: value for name, value in body.items() if name not in NOT_DETAILS}
        referred = [(new_id(), child) for child in body.get("children", ())]
        consent = body.get("consent")
        scope = consent["agencies"] if consent else []
        facts = facts_of(details, referred, london_date(now), self._known)
        status = first_state(details["kind"], scope)
        row = {
            "id": referral_id,
            "reference": reference,
            "kind": details["kind"],
            "owner": key.owner,
            "status": status,
            "referrer_type": facts["referrer_type"],
            "received_at": now,
            "details": data_key.seal("details", details | {"tracking": token}),
            "facts": facts,
            "tracking_hash": tracking_hash(token),
            "decided_sequence": 0,
            **clock_of(status, now, expires_on(consent)),
        }
        key_row = {"referral_id": referral_id, "key_id": wrapped.key_id, "wrapped": wrapped.blob}
        indexes = [self.blind_index(child) for _, child in referred]
        child_rows = [
            {
                "id": child_id,
                "referral_id": referral_id,
                "position": position,
                "sealed": data_key.seal(f"child {child_id}", child),
                "blind_index": indexes[position],
            }
            for position, (child_id, child) in enumerate(referred)
        ]
        consent_row = given_row(new_id(), referral_id, consent, key, data_key, now) if consent else None
        self.duplicates.expect(referral_id, indexes)
        event = {"referral_id": referral_id, "reference": reference, "consent_scope": scope, **facts}
        payload = {
            "id": referral_id,
            "reference": reference,
            "status": status,
            "tracking_url": f"{self._public_url}/track/{token}",
        }

        def work(transaction: Transaction) -> Answer:
            event["possible_duplicates"] = self.duplicates.of(transaction, referral_id, indexes)
            event_id = transaction.publish(ReferralSubmitted, referral_id, event, first=True)
            transaction.insert(referrals, **row)
            transaction.insert(referral_keys, **key_row)
            for child_row in child_rows:
                transaction.insert(children, **child_row)
            if consent_row:
                transaction.insert(consents, **consent_row)
            note(transaction, referral_id, "received", {"status": status}, event_id)
            return Answer(201, referral_id, payload)

        return work

    def blind_index(self, child: Mapping[str, Any]) -> str:
        """Finds the same child again: names and date of birth, without saying them."""
        return self._keyring.blind_index("child", child["first_name"], child["last_name"], child["date_of_birth"])


def tracking_hash(token: str) -> bytes:
    """What is stored of a tracking address: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def given_row(
    consent_id: str, referral_id: str, consent: Mapping[str, Any], key: Key, data_key: DataKey, now: datetime
) -> dict[str, Any]:
    """The record of an agreement as it is stored; the name is sealed."""
    return {
        "id": consent_id,
        "referral_id": referral_id,
        "kind": "given",
        "scope": consent["agencies"],
        "recorded_at": now,
        "recorded_by": key.id,
        "given_at": consent["given_at"],
        "given_by": consent["given_by"],
        "method": consent["method"],
        "wording_version": consent["wording_version"],
        "child_view": consent["child_view"],
        "expires_on": expires_on(consent),
        "sealed": data_key.seal(f"consent {consent_id}", {"name": consent["name"]}),
    }


def expires_on(consent: Mapping[str, Any] | None) -> date | None:
    """The last day of an agreement, where it was given for a time."""
    text = consent.get("expires_on") if consent else None
    return date.fromisoformat(text) if text else None


def note(
    transaction: Transaction,
    referral_id: str,
    kind: str,
    detail: Mapping[str, Any],
    event_id: str,
    at: datetime | None = None,
) -> None:
    """An entry of the timeline: codes only. `at` is when it happened, where that was not now."""
    transaction.insert(
        timeline,
        referral_id=referral_id,
        at=at or transaction.now,
        type=kind,
        detail=dict(detail),
        event_id=event_id,
    )
