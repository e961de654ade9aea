"""The page of a tracking address: what happened and what happens next, for whoever has it. It names nobody and nothing."""

from typing import Any

from sqlalchemy import Row, select
from werkzeug.wrappers import Response

from services.referrals import words
from services.referrals.intake import tracking_hash
from services.referrals.progress import asked_of
from services.referrals.reading import entries_of
from services.referrals.tables import referrals
from shared.clock import london_date
from shared.http.request import Request
from shared.messaging.store import Store
from shared.web.forms import Sheet
from shared.web.pages import Pages


def track(
    pages: Pages, store: Store, request: Request, token: str, sheet: Sheet | None = None, status: int = 200
) -> Response:
    """The page of a tracking address; a page that says so when there is none."""
    with store.reading() as connection:
        row = _row(connection, token)
        entries = entries_of(connection, row.id) if row else []
    if row is None:
        return pages.show(request, "follow/unknown.html", 404)
    return pages.show(
        request,
        "follow/track.html",
        status,
        sheet=sheet or Sheet(),
        reference=row.reference,
        following=words.following(row.status, asked_of(entries), pages.today),
        happened=[
            {"day": london_date(entry.at), "text": words.TRACKED[entry.type]}
            for entry in entries
            if entry.type in words.TRACKED and entry.detail.get("what") != "recall"
        ],
    )


def reference_of(store: Store, token: str) -> str | None:
    """The reference behind a tracking address."""
    with store.reading() as connection:
        row = _row(connection, token)
    return row.reference if row else None


def _row(connection: Any, token: str) -> Row[Any] | None:
    row: Row[Any] | None = connection.execute(
        select(referrals).where(referrals.c.tracking_hash == tracking_hash(token))
    ).first()
    return row
