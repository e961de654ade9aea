"""A list of tasks as a table for spreadsheets (CSV): references, codes, days and numbers, and nothing of a family.

A cell that a spreadsheet would take for a formula gets an apostrophe before it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import eventlet
from werkzeug.wrappers import Response

from services.routing.domain.tasks import CANCELLED
from services.routing.due import owed
from services.routing.listing import Wanted, key_of, rows_of
from shared.clock import london_date
from shared.http.pages import Page
from shared.messaging.store import Store

COLUMNS: Final = (
    "reference",
    "kind",
    "state",
    "reason",
    "due",
    "owes",
    "acknowledge_by",
    "decide_by",
    "contact_by",
    "requested_at",
    "changed_at",
    "recall_acknowledged_at",
    "children",
    "assigned",
    "id",
)
BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(store: Store, agency: str, wanted: Wanted) -> Response:
    """All tasks that are wanted, as a file; read page by page, so that others are served meanwhile."""
    headers = {"Content-Disposition": 'attachment; filename="tasks.csv"'}
    return Response(b"".join(_lines(store, agency, wanted)), 200, headers, content_type="text/csv; charset=utf-8")


def _lines(store: Store, agency: str, wanted: Wanted) -> Iterator[bytes]:
    today, after = london_date(store.resources.clock.now()), None
    yield _text([COLUMNS])
    while True:
        with store.reading() as connection:
            rows = rows_of(connection, agency, wanted, Page(BATCH, after), today)
        yield _text([_cells(row) for row in rows[:BATCH]])
        if len(rows) <= BATCH:
            return
        after = key_of(wanted, rows[BATCH - 1])
        eventlet.sleep(0)


def _cells(row: Mapping[Any, Any]) -> list[str]:
    told_nothing = row["state"] == CANCELLED
    counted = {
        "children": 0 if told_nothing else len(row["children"]),
        "assigned": "no" if row["worker"] is None else "yes",
    }
    values = {**row, **owed(row), **counted}
    return [cell(values[name]) for name in COLUMNS]


def cell(value: Any) -> str:
    """A value as a spreadsheet may safely open it."""
    text = "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
