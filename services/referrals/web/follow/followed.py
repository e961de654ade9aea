"""What every page behind a code has: whose referral it is, what the API tells of it, and how a change is made by the API."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from werkzeug.wrappers import Response

from services.referrals.domain import FAMILY
from services.referrals.front import Front
from services.referrals.once import Work
from services.referrals.passes import Pass
from services.referrals.web.follow.door import NOW
from services.referrals.web.follow.wrong import wrong_here
from shared.http.problems import Problem
from shared.http.request import Request
from shared.web.forms import Form, Sheet
from shared.web.page import SeeOther, see
from shared.web.pages import Pages

Json = dict[str, Any]
Again = Callable[[Request, Sheet, int], Response]


class Followed:
    """One referral, followed by one who has a pass; made for each request."""

    def __init__(self, pages: Pages, front: Front, holder: Pass) -> None:
        self._pages = pages
        self._front = front
        self._pass = holder

    @cached_property
    def one(self) -> Json:
        """`GET /v1/referrals/{id}`."""
        return self._front.reading.one(self._pass.referral_id, self._pass)

    @cached_property
    def timeline(self) -> Json:
        """`GET /v1/referrals/{id}/timeline`."""
        return self._front.reading.timeline(self._pass.referral_id, self._pass)

    def may(self, action: str) -> None:
        """Leads back to where things stand when this cannot be done, which another page may have made so."""
        if action not in self.one["allowed"]:
            raise SeeOther(f"{NOW}?done=changed")

    def draw(
        self, request: Request, template: str, sheet: Sheet | None = None, status: int = 200, **values: Any
    ) -> Response:
        return self._pages.show(
            request,
            f"follow/{template}.html",
            status,
            sheet=sheet or Sheet(),
            reference=self.one["reference"],
            itself=self._pass.role == FAMILY,
            **values,
        )

    def change(self, request: Request, attempt: Callable[[], Work], done: str, form: Form, again: Again) -> Response:
        """Commits a change and leads to where things stand; shows the form again with what is wrong in it."""
        try:
            self._front.once.answer(request, attempt)
        except Problem as problem:
            if problem.status == 409:
                return see(f"{NOW}?done=changed")
            if problem.status != 422:
                raise
            return again(request, Sheet(form.typed(), wrong_here(problem.errors, self._pages.catalogue)), 422)
        return see(f"{NOW}?done={done}")

    def agency(self, agency_id: str) -> str:
        return self._front.known.entry_name(agency_id)
