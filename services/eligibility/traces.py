"""What eligibility knows of a referral's way beside its events: when the rules spoke, by which directory, and how."""

from typing import Any

from sqlalchemy import Connection, select

from services.eligibility.handlers import HANDLERS
from services.eligibility.tables import assessments
from shared.messaging.runtime import Runtime
from shared.messaging.traces import routes


def known(connection: Connection, runtime: Runtime, referral_id: str) -> dict[str, Any]:
    """Each assessment with its outcome for each agency; its receipt stands at the review."""
    query = select(assessments).where(assessments.c.referral_id == referral_id).order_by(assessments.c.facts_sequence)
    return {
        "assessments": [
            {
                "at": row.assessed_at,
                "directory_version": row.directory_version,
                "outcomes": {each["agency"]: each["outcome"] for each in row.outcomes},
            }
            for row in connection.execute(query)
        ]
    }


ROUTES = routes(HANDLERS, known)
