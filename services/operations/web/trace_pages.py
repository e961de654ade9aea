"""A referral's trace as pages: asked for by its reference, then on one time line. A service that has them is a `TracePages`."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from services.operations.desks import DesksProvider
from services.operations.trace import trace_of
from services.operations.web.trace_picture import LANE, TOP, picture_of
from services.operations.web.trace_telling import Telling, span
from shared.clock import LONDON
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.runtime import StoreProvider
from shared.references import read_reference
from shared.web.forms import Sheet
from shared.web.page import SeeOther, page
from shared.web.pages import Pages

READ = "operations:read"
ROWS = 40
YEARS = range(2000, 3000)
"""What is outside of them is a slip of the hand."""
REFERENCE, AT = "/reference", "/at"


class TracePages:
    """Two pages; nothing is done here."""

    desks = DesksProvider()
    store = StoreProvider()
    pages: Pages

    @page("GET", "/trace", scope=READ)
    def trace_search_page(self, request: Request) -> Response:
        """Asks for a reference; leads to the trace of one that could be one."""
        typed = request.args.get("reference", "").strip()[:40]
        if not typed:
            return self._trace_search(request, Sheet())
        reference = read_reference(typed)
        if reference is None:
            return self._trace_search(request, self._trace_wrong(REFERENCE, typed, "not-a-reference"))
        raise SeeOther(f"/trace/{reference}")

    @page("GET", "/trace/<reference>", scope=READ)
    def trace_page(self, request: Request, reference: str) -> Response:
        """One referral; `at` is the moment at which it is asked what each agency could see, `from` the first row shown."""
        if read_reference(reference) is None:
            return self._trace_search(request, self._trace_wrong(REFERENCE, reference[:40], "not-a-reference"))
        now, typed = self.store.resources.clock.now(), request.args.get("at", "")
        at = _moment(typed)
        try:
            trace = trace_of(self.desks, reference, now, at)
        except Problem as problem:
            if problem.status != 404:
                raise
            return self._trace_search(request, Sheet({REFERENCE: [read_reference(reference) or ""]}), 404)
        sheet = self._trace_wrong(AT, typed, "not-a-moment") if typed and at is None else Sheet()
        return self._trace_found(request, trace, sheet, asked_at=at is not None)

    def _trace_found(self, request: Request, trace: dict[str, Any], sheet: Sheet, asked_at: bool) -> Response:
        telling, entries = Telling(self.pages.catalogue, trace), trace["entries"]
        first = _row(request.args.get("from", ""), len(entries))
        kept = {"at": request.args["at"]} if asked_at else {}
        return self.pages.show(
            request,
            "trace_found.html",
            422 if sheet.wrong else 200,
            sheet=sheet,
            trace=trace,
            waits=telling.waits(),
            rows=telling.rows(first, ROWS),
            first=first,
            next=urlencode({**kept, "from": first + ROWS}) if first + ROWS < len(entries) else "",
            all_of_them=len(entries),
            picture=picture_of(trace),
            lane_height=LANE,
            lane_top=TOP,
            lane_name=telling.lane,
            local=_local,
            as_typed=_as_typed,
            span=span,
            asked_at=asked_at,
        )

    def _trace_search(self, request: Request, sheet: Sheet, status: int | None = None) -> Response:
        return self.pages.show(
            request, "trace.html", status or (422 if sheet.wrong else 200), sheet=sheet, missing=status == 404
        )

    def _trace_wrong(self, field: str, typed: str, code: str) -> Sheet:
        return Sheet({field: [typed]}, {field: self.pages.catalogue.error(f"/trace{field}", code, code)})


def _moment(typed: str) -> datetime | None:
    """A moment as a browser or a person writes it; without a zone it is London's. None for what is none."""
    try:
        moment = datetime.fromisoformat(typed.strip().replace(" ", "T"))
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def _local(moment: datetime) -> str:
    """20 November 2026, 10:00:00."""
    at = moment.astimezone(LONDON)
    return f"{at.day} {at:%B %Y, %H:%M:%S}"


def _as_typed(moment: datetime) -> str:
    """As the field for a moment takes it."""
    return f"{moment.astimezone(LONDON):%Y-%m-%dT%H:%M:%S}"


def _row(text: str, count: int) -> int:
    return min(int(text), max(0, count - 1)) if text.isascii() and text.isdigit() and len(text) < 6 else 0
