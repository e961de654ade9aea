"""What referrals knows of a referral's way beside its events: agreements, who looked, and what is left of one that was erased.

On the management listener too: `GET /v1/references/<reference>` tells which referral that is.
"""

from typing import Any

from sqlalchemy import Connection, select

from services.referrals.handlers import HANDLERS
from services.referrals.period import over_at
from services.referrals.tables import consents, looks, metadata, referrals
from shared.http import problems
from shared.http.request import Request
from shared.messaging.runtime import Runtime
from shared.messaging.traces import routes, told_columns
from shared.references import read_reference

_erased = metadata.tables["erased"]


def referral_of(runtime: Runtime, request: Request, reference: str) -> dict[str, Any]:
    """The id of the referral, and the reference as it is written; raises a 404 problem."""
    written = read_reference(reference)
    query = select(referrals.c.id).where(referrals.c.reference == written)
    with runtime.store.reading() as connection:
        referral_id = connection.execute(query).scalar() if written else None
    if referral_id is None:
        raise problems.not_found("There is no referral of this reference.")
    return {"referral_id": referral_id, "reference": written}


def known(connection: Connection, runtime: Runtime, referral_id: str) -> dict[str, Any]:
    """`runs_out_at` is when an agreement that was given for a time is over. Raises a 404 problem."""
    told = (referrals.c[name] for name in ("reference", "kind", "status", "received_at"))
    found = told_columns(connection, select(*told).where(referrals.c.id == referral_id))
    if not found:
        raise problems.not_found()
    agreed = select(consents).where(consents.c.referral_id == referral_id).order_by(consents.c.id)
    seen = (looks.c[name] for name in ("at", "who", "purpose", "agency", "task_id", "outcome", "parts"))
    erased = told_columns(
        connection, select(_erased.c.at, _erased.c.reason).where(_erased.c.referral_id == referral_id)
    )
    return {
        **found[0],
        "erased": erased[0] if erased else None,
        "agreements": [
            {
                "kind": row.kind,
                "scope": row.scope,
                "at": row.recorded_at,
                "runs_out_at": over_at(row.expires_on) if row.kind == "given" and row.expires_on else None,
            }
            for row in connection.execute(agreed)
        ],
        "looks": told_columns(connection, select(*seen).where(looks.c.referral_id == referral_id).order_by(looks.c.at)),
    }


ROUTES = (("GET", "/v1/references/<reference>", referral_of), *routes(HANDLERS, known))
