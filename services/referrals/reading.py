"""What is shown of referrals: a list, one with the referrer's own data, its timeline; only to the owner.

Whoever is shown personal data is written down before the answer goes out.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from services.referrals import receipts, words
from services.referrals.domain import FAMILY, STATES, allowed_actions
from services.referrals.known import Known
from services.referrals.passes import role_of
from services.referrals.progress import Asked, asked_of, contact_day, said_lately, wanted_of, without_contact
from services.referrals.shown import shown_to_family
from services.referrals.stored import Stored, consent_record, find, opened
from services.referrals.tables import assessments, looks, referrals, timeline
from shared.clock import london_date
from shared.http import problems
from shared.http.keys import Key
from shared.http.pages import as_page, read_page
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

Json = dict[str, Any]


class Reading:
    """One for each service in a process."""

    def __init__(self, store: Store, known: Known) -> None:
        self._store = store
        self._known = known

    def page(self, arguments: Mapping[str, str], key: Key) -> Json:
        """The owner's referrals, newest first; `status` asks for those of one state."""
        page = read_page(arguments, str)
        status = arguments.get("status")
        if status is not None and status not in STATES:
            raise problems.bad_request("bad-status", "status cannot be used", f"One of: {', '.join(STATES)}.")
        wanted = select(referrals).where(referrals.c.owner == key.owner)
        if status is not None:
            wanted = wanted.where(referrals.c.status == status)
        if page.after is not None:
            wanted = wanted.where(referrals.c.id < page.after[0])
        with self._store.reading() as connection:
            rows = connection.execute(wanted.order_by(referrals.c.id.desc()).limit(page.limit + 1)).all()
        return as_page(rows, page, lambda row: (row.id,), _listed)

    def one(self, referral_id: str, key: Key) -> Json:
        """A referral with what its referrer said, the consent in force, and the newest receipts; a family, its own part."""

        def work(transaction: Transaction) -> Json:
            stored = opened(transaction, find(transaction, referral_id, key), self._store.resources.keyring)
            look(transaction, referral_id, key.id, "own-referral")
            return self._shown(transaction.connection, stored, role_of(key))

        shown: Json = self._store.together(work)
        return shown

    def timeline(self, referral_id: str, key: Key) -> Json:
        """What happened, in codes and in words, the oldest first; what happens next; and who was asked."""
        with self._store.reading() as connection:
            row = find(connection, referral_id, key, erased_too=True)
            entries = entries_of(connection, referral_id)
        now, name_of = self._store.resources.clock.now(), self._known.entry_name
        asked, today = asked_of(entries), london_date(now)
        waits = without_contact(asked, today) and not said_lately(entries, now)
        allowed = allowed_actions(row.status, role_of(key), row.kind)
        return {
            "next": words.following(row.status, asked, today, name_of),
            "asked": [_asked(each, name_of) for each in asked],
            "wanted": wanted_of(entries) if "supply-information" in allowed else [],
            "first_contact_by": contact_day(asked),
            "may_say_not_contacted": bool(waits) and "say-not-contacted" in allowed,
            "items": [
                {
                    "at": entry.at,
                    "type": entry.type,
                    "detail": entry.detail,
                    "text": words.sentence(entry.type, entry.detail, name_of, role_of(key)),
                }
                for entry in entries
            ],
        }

    def _shown(self, connection: Connection, stored: Stored, role: str) -> Json:
        row, details = stored.row, dict(stored.details)
        details.pop("tracking", None)  # Ours, not what the referrer said.
        if role == FAMILY:
            details = shown_to_family(stored)
        newest = (
            select(assessments)
            .where(assessments.c.referral_id == row.id)
            .order_by(assessments.c.facts_sequence.desc(), assessments.c.assessed_at.desc())
            .limit(1)
        )
        assessment = connection.execute(newest).first()
        births = {child_id: date.fromisoformat(child["date_of_birth"]) for child_id, child in stored.children}
        if row.kind == "family-support" and role != FAMILY:
            details["children"] = [{"id": child_id, **child} for child_id, child in stored.children]
            details["consent"] = consent_record(stored)
        return {
            **_listed(row),
            "allowed": allowed_actions(row.status, role, row.kind),
            "referral": details,
            "receipts": receipts.shown(assessment.outcomes, births, self._known) if assessment else [],
        }


def _asked(asked: Asked, name_of: words.Names) -> Json:
    return {
        "agency": asked.agency,
        "name": name_of(asked.agency),
        "task_id": asked.task_id,
        "state": asked.state,
        "reason": asked.reason,
        "owes": asked.owes and asked.owes[0],
        "by": asked.owes and asked.owes[1],
        "late": asked.is_late,
    }


def entries_of(connection: Connection, referral_id: str) -> list[Row[Any]]:
    wanted = select(timeline).where(timeline.c.referral_id == referral_id).order_by(timeline.c.at, timeline.c.id)
    return list(connection.execute(wanted))


def look(
    transaction: Transaction,
    referral_id: str,
    who: str,
    purpose: str,
    agency: str | None = None,
    task_id: str | None = None,
    outcome: str = "shown",
    parts: Sequence[str] | None = None,
) -> None:
    """Writes down who is shown personal data, what for and what; `outcome` is a reason's code where it was refused."""
    transaction.insert(
        looks,
        referral_id=referral_id,
        at=transaction.now,
        who=who,
        purpose=purpose,
        agency=agency,
        task_id=task_id,
        outcome=outcome,
        parts=None if parts is None else list(parts),
    )


def _listed(row: Row[Any]) -> Json:
    return {
        "id": row.id,
        "reference": row.reference,
        "kind": row.kind,
        "status": row.status,
        "received_at": row.received_at,
    }
