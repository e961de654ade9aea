"""The routes of the form: a page for each question, the answers to check, and what happens once it was sent."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals.web.refer import places, show
from services.referrals.web.refer.desk import Filled, ReferDeskProvider
from services.referrals.web.refer.document import begun
from services.referrals.web.refer.drafts import NoDraft
from services.referrals.web.refer.steps import FIRST
from services.referrals.web.refer.visit import BEGIN, GONE, SENT, STILL_THERE, Visit
from shared.http.request import Request
from shared.timer import timer
from shared.web.page import SeeOther, form_of, page, see

ANYBODY = "anybody may refer a family, and nobody needs an account to do so"
ADDING, REMOVING = "add", "remove"


class FormRoutes:
    """A part of the referrals service."""

    pages: Any
    front: Any
    refer = ReferDeskProvider()

    @page("GET", "/refer/find/<kind>", public="names of schools and surgeries, from public lists")
    def refer_find_place(self, request: Request, kind: str) -> Response:
        """Names to choose from, while somebody types."""
        return places.suggestions(kind, request.args.get("q", ""), self.refer.known)

    @page("GET", "/refer/not-yet", public=ANYBODY)
    def refer_not_yet(self, request: Request) -> Response:
        """What to do while the family has not agreed."""
        journey = self.refer.journey(self._refer_visit(request).open().document)
        asked = next((step for step in journey.asked if step.name in ("agreement", "agree")), None)
        if asked is None or not journey.is_reached(asked):
            return see(journey.next_path)
        return show.not_yet(self.pages, request, journey, asked, self.front.services)

    @page("GET", "/refer/check", public=ANYBODY)
    def refer_check(self, request: Request) -> Response:
        """All answers, each with a way to change it."""
        journey = self.refer.journey(self._refer_visit(request).open().document)
        if journey.next is not None or journey.view.hopeless:
            return see(journey.next_path)
        return show.check(self.pages, request, journey)

    @page("POST", "/refer/check", public=ANYBODY)
    def refer_send(self, request: Request) -> Response:
        """Sends the form, once."""
        visit = self._refer_visit(request)
        draft = visit.draft()
        if draft.referral_id is None and draft.is_closed(self.refer.now):
            return see(STILL_THERE)
        try:
            return see(SENT if self.refer.sending.send(visit.secret, self.front) else "/refer/check")
        except NoDraft:
            return see(GONE)

    @page("GET", "/refer/sent", public=ANYBODY)
    def refer_sent(self, request: Request) -> Response:
        """What happens next, and the reference to ask by."""
        told = self.refer.sending.sent(self._refer_visit(request).draft())
        if told is None:
            return see("/refer/check")
        return show.sent(self.pages, request, told, self.refer.known.directory)

    @page("GET", "/refer/<path>", public=ANYBODY)
    def refer_ask(self, request: Request, path: str) -> Response:
        """One question."""
        visit = self._refer_visit(request)
        if visit.secret is None and path in FIRST:
            journey = self.refer.journey(begun(FIRST[path]))
            return show.question(self.pages, request, journey, journey.steps[0], [])
        journey = self.refer.journey(visit.open().document)
        step = journey.find(path)
        if step is None or not journey.is_reached(step):
            return see(journey.next_path)
        errors = journey.errors_of(step, late=True) if journey.is_seen(step) else []
        return show.question(self.pages, request, journey, step, errors)

    @page("POST", "/refer/<path>", public=ANYBODY)
    def refer_answer(self, request: Request, path: str) -> Response:
        """The answer to one question. It is kept also where nobody was there for a while; only then is asked who it is."""
        visit, form = self._refer_visit(request), form_of(request)
        action, _, number = form.text("do").partition("-")
        try:
            if visit.secret is None:
                return self._refer_begin(request, visit, path)
            if path == "children" and action in (ADDING, REMOVING):
                filled = self.refer.change_children(visit.secret, int(number) - 1 if number.isdigit() else None)
            else:
                filled = self.refer.fill(visit.secret, path, form)
        except NoDraft:
            return self._refer_begin(request, visit, path)
        if filled.errors and filled.step:
            return show.question(self.pages, request, filled.journey, filled.step, filled.errors, form)
        return see(_onward(filled))

    @timer(interval=3600)
    def refer_forget_old_forms(self) -> None:
        """Nothing of a form that was not sent is kept beyond its time."""
        self.refer.drafts.forget_old()

    def _refer_begin(self, request: Request, visit: Visit, path: str) -> Response:
        """The first page begins a form; any other came too late."""
        form = form_of(request)
        if path not in FIRST:
            raise SeeOther(GONE if visit.secret else BEGIN)
        filled, secret = self.refer.begin(FIRST[path], path, form)
        if secret is None:
            return show.question(self.pages, request, filled.journey, filled.journey.steps[0], filled.errors, form)
        return visit.keep(see(_onward(filled)), secret)

    def _refer_visit(self, request: Request) -> Visit:
        return Visit(request, self.pages, self.refer)


def _onward(filled: Filled) -> str:
    """Where an answer leads: to the next question, or away from the way where it says no."""
    if filled.sent:
        return SENT
    aside = filled.step.aside(filled.journey.view) if filled.step else None
    return aside or filled.journey.next_path
