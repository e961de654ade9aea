"""The way in: a reference is asked for, a code is sent, the code opens the pages of one referral for half an hour of quiet."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals.access_codes import GOOD_FOR
from services.referrals.front import Front
from services.referrals.passes import LONGEST, Pass, end_pass, find_pass
from services.referrals.web.follow.link import reference_of, track
from services.referrals.web.follow.wrong import wrong_here
from shared.http.problems import Problem
from shared.http.request import Request
from shared.messaging.store import Store
from shared.web.forms import Form, Sheet
from shared.web.page import SeeOther, form_of, see
from shared.web.pages import Pages

ASKED, PASS = "waypost-asked", "waypost-follow"
START, CODE, NOW = "/follow", "/follow/code", "/follow/now"


class Door:
    """One for each request."""

    def __init__(self, pages: Pages, front: Front, store: Store) -> None:
        self._pages = pages
        self._front = front
        self._store = store

    def start(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        ended = request.args.get("ended", "")
        return self._pages.show(
            request,
            "follow/start.html",
            status,
            sheet=sheet or Sheet(),
            ended=ended if ended in ("left", "idle") else "",
        )

    def ask(self, request: Request) -> Response:
        """By reference."""
        form = form_of(request)
        document = _given({"reference": form.text("/reference"), "role": form.text("/role")})
        try:
            return self._sent(request, document)
        except Problem as problem:
            return self.start(request, self._wrong(form, problem), 422)

    def ask_by_link(self, request: Request, token: str) -> Response:
        """By the link, which knows the reference."""
        form = form_of(request)
        reference = reference_of(self._store, token)
        if reference is None:
            return track(self._pages, self._store, request, token)
        try:
            return self._sent(request, _given({"reference": reference, "role": form.text("/role")}))
        except Problem as problem:
            return track(self._pages, self._store, request, token, self._wrong(form, problem), 422)

    def code(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        if not self._pages.cookies.read(request, ASKED):
            raise SeeOther(START)
        return self._pages.show(request, "follow/code.html", status, sheet=sheet or Sheet())

    def enter(self, request: Request) -> Response:
        form = form_of(request)
        asked = self._pages.cookies.read(request, ASKED)
        if not asked:
            raise SeeOther(START)
        try:
            opened = self._front.access_codes.redeem(_given({"id": asked, "code": form.text("/code")}))
        except Problem as problem:
            return self.code(request, self._wrong(form, problem), 422)
        response = see(NOW)
        self._pages.cookies.give(response, PASS, opened["token"], int(LONGEST.total_seconds()))
        self._pages.cookies.take_back(response, ASKED)
        return response

    def opened(self, request: Request) -> Pass:
        """Whose pages these are; raises SeeOther to where a code is asked for."""
        secret = self._pages.cookies.read(request, PASS)
        found = find_pass(self._store, secret) if secret else None
        if found is None:
            raise SeeOther(f"{START}?ended=idle" if secret else START)
        request.key = found
        return found

    def leave(self, request: Request) -> Response:
        end_pass(self._store, self.opened(request))
        response = see(f"{START}?ended=left")
        self._pages.cookies.take_back(response, PASS)
        return response

    def _sent(self, request: Request, document: dict[str, Any]) -> Response:
        asked = self._front.access_codes.ask(document, self._front.address_of(request))
        response = see(CODE)
        self._pages.cookies.give(response, ASKED, asked["id"], int(GOOD_FOR.total_seconds()))
        return response

    def _wrong(self, form: Form, problem: Problem) -> Sheet:
        """What was typed, with what is wrong; a problem that is none of the form's goes on."""
        if problem.status != 422:
            raise problem
        return Sheet(form.typed(), wrong_here(problem.errors, self._pages.catalogue))


def _given(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
