"""Messages that failed for good, put where a service keeps them: as its inbox would have, after the last attempt.

park(runtime, withdrawal(), error="ValueError")
park(runtime, withdrawal(reason="Test Child"), error="data-breaks-contract", place="shared.contracts.envelope:read")
"""

from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.contracts.referrals import ReferralWithdrawn
from shared.ids import new_id
from shared.messaging.runtime import Runtime

PLACE = "services.routing.handlers:withdrawn:120"
FAILED_FOR = timedelta(minutes=40)


def withdrawal(subject: str | None = None, event_id: str | None = None, **changes: Any) -> bytes:
    """An event about a referral that nobody knows; `changes` to its data."""
    subject = subject or new_id()
    event = {
        "specversion": "1.0",
        "id": event_id or new_id(),
        "source": "urn:waypost:referrals",
        "type": ReferralWithdrawn.type(),
        "subject": subject,
        "time": "2026-11-20T10:00:00+00:00",
        "datacontenttype": "application/json",
        "sequence": "0000000001",
        "data": {"referral_id": subject, "reason": "family-changed-mind", **changes},
    }
    return orjson.dumps(event)


def park(
    runtime: Runtime,
    body: bytes,
    error: str = "ValueError",
    place: str = PLACE,
    at: datetime | None = None,
    attempts: int = 10,
) -> str:
    """Parks a message whose envelope can be read; answers its id."""
    envelope, table = orjson.loads(body), runtime.metadata.tables["failures"]
    with runtime.store.writing() as transaction:
        at = at or transaction.now
        row = {
            "event_id": envelope["id"],
            "type": envelope["type"],
            "subject": envelope["subject"],
            "body": runtime.resources.keyring.seal(envelope["id"], body),
            "size": len(body),
            "error": error,
            "place": place,
            "attempts": attempts,
            "failed_at": at,
            "first_failed_at": at - FAILED_FOR,
            "due_at": None,
            "parked_at": at,
        }
        transaction.execute(table.insert().values(**row))
    return str(envelope["id"])
