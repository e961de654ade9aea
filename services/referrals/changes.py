"""What is changed later, by whoever made a referral or the family: it is withdrawn, agreed to, added to, taken back.

Each change is one commit of state, record, timeline and event, and only where the transition table has a line for it;
else the answer is 409 and says what is allowed now.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, update

from services.referrals import amending, forms
from services.referrals.domain import FAMILY, allowed_actions, first_state, next_state
from services.referrals.facts import facts_of
from services.referrals.intake import Intake, given_row, note
from services.referrals.known import Known
from services.referrals.once import Answer, Work
from services.referrals.passes import end_others, role_of
from services.referrals.period import clock_of
from services.referrals.progress import asked_of, said_lately, without_contact
from services.referrals.reading import entries_of
from services.referrals.stored import Consent, consent_of, data_key, find, is_erased, opened
from services.referrals.tables import children, consents, referrals
from shared.clock import london_date
from shared.contracts.referrals import (
    ConsentGiven,
    ConsentWithdrawn,
    ContactChanged,
    ReferralAmended,
    ReferralEnteredInError,
    ReferralNotContacted,
    ReferralReopened,
    ReferralWithdrawn,
)
from shared.http import problems
from shared.http.keys import Key
from shared.http.problems import Problem
from shared.ids import new_id
from shared.messaging.transaction import Transaction
from shared.resources import Resources


class NotAllowed(Problem):
    """A change that the referral's state does not allow."""

    def __init__(self, status: str, allowed: list[str]) -> None:
        now = f"Allowed now: {', '.join(allowed)}." if allowed else "Nothing can be changed any more."
        super().__init__(409, "not-allowed-now", f"A referral that is {status} cannot be changed so", now)
        self._more = {"referral_status": status, "allowed": allowed}

    def body(self) -> dict[str, Any]:
        return super().body() | self._more


class Changes:
    """One for each service in a process. Every method reads the body first and answers the work that commits it."""

    def __init__(self, resources: Resources, known: Known, intake: Intake) -> None:
        self._clock = resources.clock
        self._keyring = resources.keyring
        self._known = known
        self._intake = intake

    def withdrawal(self, raw: Any, referral_id: str, key: Key) -> Work:
        reason = forms.WITHDRAWAL.read(raw, self._known, self._clock.now())["reason"]

        def work(transaction: Transaction) -> Answer:
            row, status = _moved(transaction, referral_id, key, "withdraw")
            data = {"referral_id": row.id, "reason": reason}
            note(transaction, row.id, "withdrawn", {"reason": reason}, _publish(transaction, ReferralWithdrawn, data))
            return _changed(row, status)

        return work

    def entered_in_error(self, raw: Any, referral_id: str, key: Key) -> Work:
        reason = forms.ENTERED_IN_ERROR.read(raw, self._known, self._clock.now())["reason"]

        def work(transaction: Transaction) -> Answer:
            row, status = _moved(transaction, referral_id, key, "enter-in-error")
            data = {"referral_id": row.id, "reason": reason}
            event_id = _publish(transaction, ReferralEnteredInError, data)
            note(transaction, row.id, "entered-in-error", {"reason": reason}, event_id)
            return _changed(row, status)

        return work

    def reopen(self, raw: Any, referral_id: str, key: Key) -> Work:
        """The facts are counted anew, on this day: a child that was too young may no longer be."""
        now = self._clock.now()
        reason = forms.REOPENING.read(raw, self._known, now)["reason"]

        def work(transaction: Transaction) -> Answer:
            row, status = _moved(transaction, referral_id, key, "reopen")
            stored = opened(transaction, row, self._keyring)
            facts = facts_of(stored.details, stored.children, london_date(now), self._known)
            scope = stored.consent.scope if stored.consent else ()
            if first_state(row.kind, list(scope)) != status:
                status = next_state(status, "await-consent", "waypost", row.kind) or status
            until = stored.consent.row["expires_on"] if stored.consent and scope else None
            values = {"facts": facts, "status": status, **clock_of(status, transaction.now, until)}
            transaction.execute(update(referrals).where(referrals.c.id == row.id).values(**values))
            data = self._data(transaction, row, scope, facts) | {"reason": reason}
            note(transaction, row.id, "reopened", {"reason": reason}, _publish(transaction, ReferralReopened, data))
            return _changed(row, status)

        return work

    def consent(self, raw: Any, referral_id: str, key: Key) -> Work:
        body = forms.CONSENT_CHANGE.read(raw, self._known, self._clock.now())

        def work(transaction: Transaction) -> Answer:
            if "given" in body:
                return self._give(transaction, body["given"], referral_id, key)
            return self._end(transaction, body["withdrawn"], referral_id, key)

        return work

    def information(self, raw: Any, referral_id: str, key: Key) -> Work:
        now = self._clock.now()
        body = forms.AMENDMENT.read(raw, self._known, now)

        def work(transaction: Transaction) -> Answer:
            row, status = _moved(transaction, referral_id, key, "supply-information")
            stored = opened(transaction, row, self._keyring)
            counted_on = date.fromisoformat(row.facts["received_on"])
            amended = amending.amend(stored, body, london_date(now), counted_on, self._known)
            transaction.execute(
                update(referrals)
                .where(referrals.c.id == row.id)
                .values(details=stored.key.seal("details", amended.details), facts=amended.facts)
            )
            for child_id, child in amended.changed_children:
                sealed = stored.key.seal(f"child {child_id}", child)
                transaction.execute(
                    update(children)
                    .where(children.c.id == child_id)
                    .values(sealed=sealed, blind_index=self._intake.blind_index(child))
                )
            scope = stored.consent.scope if stored.consent else ()
            event_id = _publish(transaction, ReferralAmended, self._data(transaction, row, scope, amended.facts))
            note(transaction, row.id, "information-supplied", {"items": amended.items}, event_id)
            return _changed(row, status)

        return work

    def family_contact(self, raw: Any, referral_id: str, key: Key) -> Work:
        """Whoever had the family's pages open loses them: the way to it may have changed because of somebody near."""
        body = forms.CONTACT_CHANGE.read(raw, self._known, self._clock.now())

        def work(transaction: Transaction) -> Answer:
            row, status = _moved(transaction, referral_id, key, "change-contact")
            stored = opened(transaction, row, self._keyring)
            details = amending.with_contact(stored.details, body)
            sealed = stored.key.seal("details", details)
            transaction.execute(update(referrals).where(referrals.c.id == row.id).values(details=sealed))
            end_others(transaction, row.id, FAMILY, key)
            data = {"referral_id": row.id, "reference": row.reference, "by": role_of(key)}
            event_id = _publish(transaction, ContactChanged, data)
            note(transaction, row.id, "contact-changed", {"by": role_of(key)}, event_id)
            return _changed(row, status)

        return work

    def not_contacted(self, raw: Any, referral_id: str, key: Key) -> Work:
        """Only once the day has come by which somebody should have been in touch, and not every day anew."""
        forms.NOT_CONTACTED.read(raw, self._known, self._clock.now())

        def work(transaction: Transaction) -> Answer:
            row, status = _moved(transaction, referral_id, key, "say-not-contacted")
            entries = entries_of(transaction.about(row.id), row.id)
            if not without_contact(asked_of(entries), london_date(transaction.now)):
                raise problems.conflict("nobody-is-late", "The day for a first contact is not over")
            if said_lately(entries, transaction.now):
                raise problems.conflict("said-already", "This was said a few days ago, and is being looked into")
            data = {"referral_id": row.id, "reference": row.reference, "by": role_of(key)}
            event_id = _publish(transaction, ReferralNotContacted, data)
            note(transaction, row.id, "not-contacted", {"by": role_of(key)}, event_id)
            return _changed(row, status)

        return work

    def _give(self, transaction: Transaction, given: dict[str, Any], referral_id: str, key: Key) -> Answer:
        row, status = _moved(transaction, referral_id, key, "give-consent")
        sealing = data_key(transaction, row.id, self._keyring)
        if sealing is None:
            raise is_erased()
        record = given_row(new_id(), row.id, given, key, sealing, transaction.now)
        transaction.insert(consents, **record)
        _set_clock(transaction, row, status, record["expires_on"])
        data = {"referral_id": row.id, "consent_id": record["id"], "scope": given["agencies"]}
        event_id = _publish(transaction, ConsentGiven, data)
        note(transaction, row.id, "consent-given", {"agencies": given["agencies"]}, event_id)
        return _changed(row, status)

    def _end(self, transaction: Transaction, end: dict[str, Any], referral_id: str, key: Key) -> Answer:
        row, status = _moved(transaction, referral_id, key, "withdraw-consent")
        before = consent_of(transaction, row.id)
        record = _end_row(row, before, end, key, transaction.now)
        transaction.insert(consents, **record)
        _set_clock(transaction, row, status, None)
        data = {"referral_id": row.id, "consent_id": record["id"], "scope": record["scope"]}
        event_id = _publish(transaction, ConsentWithdrawn, data)
        note(transaction, row.id, "consent-withdrawn", {"agencies": record["scope"]}, event_id)
        return _changed(row, status)

    def _data(
        self, transaction: Transaction, row: Row[Any], scope: Iterable[str], facts: dict[str, Any]
    ) -> dict[str, Any]:
        """The facts as they now stand, as an event carries them."""
        indexes = transaction.execute(select(children.c.blind_index).where(children.c.referral_id == row.id)).scalars()
        return {
            "referral_id": row.id,
            "reference": row.reference,
            "consent_scope": list(scope),
            "possible_duplicates": self._intake.duplicates.of(transaction, row.id, list(indexes)),
            **facts,
        }


def _moved(transaction: Transaction, referral_id: str, key: Key, action: str) -> tuple[Row[Any], str]:
    """The referral, locked, and its state after `action`; raises 404 and 409 problems."""
    row = find(transaction, referral_id, key, locked=True)
    status = next_state(row.status, action, role_of(key), row.kind)
    if status is None:
        raise NotAllowed(row.status, allowed_actions(row.status, role_of(key), row.kind))
    if status != row.status:
        transaction.execute(update(referrals).where(referrals.c.id == row.id).values(status=status))
    return row, status


def _set_clock(transaction: Transaction, row: Row[Any], status: str, expires_on: date | None) -> None:
    clock = clock_of(status, transaction.now, expires_on)
    transaction.execute(update(referrals).where(referrals.c.id == row.id).values(**clock))


def _end_row(row: Row[Any], before: Consent | None, end: dict[str, Any], key: Key, now: datetime) -> dict[str, Any]:
    """The record that agreement ended; `scope` is what it covered until now."""
    return {
        "id": new_id(),
        "referral_id": row.id,
        "kind": "withdrawn",
        "scope": list(before.scope) if before else [],
        "recorded_at": now,
        "recorded_by": key.id,
        "given_at": end["withdrawn_at"],
        "given_by": end["withdrawn_by"],
        "method": None,
        "wording_version": None,
        "child_view": None,
        "expires_on": None,
        "sealed": None,
    }


def _publish(transaction: Transaction, schema: Any, data: dict[str, Any]) -> str:
    return transaction.publish(schema, data["referral_id"], data)


def _changed(row: Row[Any], status: str) -> Answer:
    return Answer(200, row.id, {"id": row.id, "reference": row.reference, "status": status})
