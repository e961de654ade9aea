"""Where a message may go: the one thing that `notifications` asks of this service, at the moment of sending.

Safe contact is enforced here: to the referrer, by the referrer's own e-mail, and not where a family that refers itself
has said that e-mail is not safe. Whoever asks is written down, with the purpose.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from services.referrals.reading import look
from services.referrals.stored import data_key
from services.referrals.tables import referrals
from shared.http import problems
from shared.messaging.store import Store
from shared.messaging.transaction import Transaction

_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,79}")


def recipient(store: Store, referral_id: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    """The answer for `?audience=referrer&purpose=…`; raises 400 and 404 problems."""
    purpose = arguments.get("purpose", "")
    if arguments.get("audience") != "referrer" or not _PURPOSE.fullmatch(purpose):
        raise problems.bad_request("bad-question", "Ask with audience=referrer and a purpose")

    def work(transaction: Transaction) -> dict[str, Any]:
        row = transaction.execute(select(referrals).where(referrals.c.id == referral_id)).first()
        key = data_key(transaction, referral_id, store.resources.keyring) if row else None
        if row is None or key is None:
            raise problems.not_found()
        look(transaction, referral_id, "notifications", purpose)
        return _safe(key.open("details", row.details), row.reference)

    answer: dict[str, Any] = store.together(work)
    return answer


def _safe(details: Mapping[str, Any], reference: str) -> dict[str, Any]:
    address = details["referrer"].get("email")
    if not address:
        return {"channel": None, "reason": "no-e-mail"}
    if details["referrer"]["type"] == "family" and _unsafe(details.get("family_contact") or {}):
        return {"channel": None, "reason": "not-safe"}
    return {"channel": "e-mail", "address": address, "reference": reference}


def _unsafe(contact: Mapping[str, Any]) -> bool:
    """Whether the family has spoken of e-mail and not called it safe."""
    channel = contact.get("safe_contact", {}).get("email")
    return channel is not None and not channel["safe"]
