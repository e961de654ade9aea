"""The tracking page: what happened and what happens next, for whoever has the address. It names nobody and nothing.

No scripts, no cookies, no third parties; not kept by browsers, not found by search engines, not told to other sites.
"""

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select
from werkzeug.wrappers import Response

from services.referrals import words
from services.referrals.intake import tracking_hash
from services.referrals.reading import entries_of
from services.referrals.tables import referrals
from shared.clock import london_date
from shared.http import problems
from shared.messaging.store import Store

FOLDER = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = (FOLDER / "static" / "waypost.css").read_bytes()
_STYLE_NAME = f"waypost.{sha256(_STYLE).hexdigest()[:12]}.css"


def track(store: Store, token: str) -> Response:
    """The page of a tracking address; a page that says so when there is none."""
    with store.reading() as connection:
        wanted = select(referrals).where(referrals.c.tracking_hash == tracking_hash(token))
        row = connection.execute(wanted).first()
        entries = entries_of(connection, row.id) if row else []
    if row is None:
        return _page(404, "unknown.html")
    happened = [
        {"day": london_date(entry.at), "text": words.TRACKED[entry.type]}
        for entry in entries
        if entry.type in words.TRACKED
    ]
    return _page(200, "track.html", reference=row.reference, happened=happened, following=words.NEXT[row.status])


def static(name: str) -> Response:
    """The style sheet, by the name that changes with it."""
    if name != _STYLE_NAME:
        raise problems.not_found()
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_STYLE, 200, headers, content_type="text/css; charset=utf-8")


def _page(status: int, template: str, **values: Any) -> Response:
    html = _templates.get_template(template).render(style=f"/static/{_STYLE_NAME}", **values)
    return Response(html, status, HEADERS, content_type="text/html; charset=utf-8")


def _spoken(day: date) -> str:
    """20 November 2026."""
    return f"{day.day} {day:%B %Y}"


_templates.filters["spoken"] = _spoken
