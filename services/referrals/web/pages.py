"""The tracking page: what happened and what happens next, for whoever has the address. It names nobody and nothing."""

from pathlib import Path

from sqlalchemy import select
from werkzeug.wrappers import Response

from services.referrals import words
from services.referrals.intake import tracking_hash
from services.referrals.reading import entries_of
from services.referrals.tables import referrals
from shared.clock import london_date
from shared.http.request import Request
from shared.messaging.store import Store
from shared.web.pages import Pages

FOLDER = Path(__file__).parent


def track(pages: Pages, store: Store, request: Request, token: str) -> Response:
    """The page of a tracking address; a page that says so when there is none."""
    with store.reading() as connection:
        wanted = select(referrals).where(referrals.c.tracking_hash == tracking_hash(token))
        row = connection.execute(wanted).first()
        entries = entries_of(connection, row.id) if row else []
    if row is None:
        return pages.show(request, "unknown.html", 404)
    happened = [
        {"day": london_date(entry.at), "text": words.TRACKED[entry.type]}
        for entry in entries
        if entry.type in words.TRACKED
    ]
    return pages.show(
        request, "track.html", reference=row.reference, happened=happened, following=words.NEXT[row.status]
    )
