"""Beginning, saving and coming back: the ways into a form that is already there, and out of it."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals.web.refer import show
from services.referrals.web.refer.challenge import expected, is_right
from services.referrals.web.refer.desk import ReferDesk
from services.referrals.web.refer.document import ADVICE
from services.referrals.web.refer.drafts import KEPT, Draft, NoDraft
from services.referrals.web.refer.steps import FIRST
from services.referrals.web.refer.visit import SENT, Visit
from shared.http.request import Request
from shared.web.forms import Sheet
from shared.web.page import SeeOther, form_of, page, see
from shared.web.pointers import at

ANYBODY = "anybody may refer a family, and nobody needs an account to do so"
HOLDS_SECRET = "the address holds a secret of 24 random bytes, and the page asks for what only its owner knows"
FIELD = "/postcode"


class ReturnRoutes:
    """A part of the referrals service."""

    pages: Any
    refer: Any

    @page("GET", "/refer", public=ANYBODY)
    def refer_begin_referral(self, request: Request) -> Response:
        """The way in, for a family."""
        return self._refer_way_in(request, "who")

    @page("GET", "/advice", public=ANYBODY)
    def refer_begin_consultation(self, request: Request) -> Response:
        """The way in, for a professional with a question."""
        return self._refer_way_in(request, "asker")

    @page("POST", "/refer/again", public=ANYBODY)
    def refer_begin_again(self, request: Request) -> Response:
        """Throws away what was begun in this browser."""
        visit = Visit(request, self.pages, self.refer)
        self.refer.drafts.discard(visit.secret)
        first = form_of(request).text("first")
        return visit.leave(see(f"/refer/{first}" if first in FIRST else "/"))

    @page("GET", "/refer/save", public=ANYBODY)
    def refer_save(self, request: Request) -> Response:
        """The address to come back to."""
        visit = Visit(request, self.pages, self.refer)
        draft = visit.open()
        return show.save(self.pages, request, self.refer.journey(draft.document), draft, self.refer.link(visit.secret))

    @page("GET", "/refer/return/<secret>", public=HOLDS_SECRET)
    def refer_come_back(self, request: Request, secret: str) -> Response:
        """Asks whoever comes with the address for the postcode."""
        return self._refer_challenge(request, self._refer_left(request, secret), "return.html")

    @page("POST", "/refer/return/<secret>", public=HOLDS_SECRET)
    def refer_came_back(self, request: Request, secret: str) -> Response:
        """Opens the form again, in this browser."""
        return self._refer_said(request, secret, "return.html")

    @page("GET", "/refer/still-there", public=ANYBODY)
    def refer_still_there(self, request: Request) -> Response:
        """After a while, asks whether it is still the same person."""
        secret = Visit(request, self.pages, self.refer).secret
        return self._refer_challenge(request, self._refer_left(request, secret), "still-there.html")

    @page("POST", "/refer/still-there", public=ANYBODY)
    def refer_is_there(self, request: Request) -> Response:
        """Goes on where it was left."""
        return self._refer_said(request, Visit(request, self.pages, self.refer).secret, "still-there.html")

    @page("GET", "/refer/gone", public=ANYBODY)
    def refer_gone(self, request: Request) -> Response:
        """There is no form here any more."""
        shown = self.pages.show(request, "refer/gone.html", 410, days=KEPT.days)
        return Visit(request, self.pages, self.refer).leave(shown)

    def _refer_way_in(self, request: Request, first: str) -> Response:
        """The first page; where a form was begun in this browser, whether to go on with it."""
        visit = Visit(request, self.pages, self.refer)
        try:
            draft = self.refer.drafts.find(visit.secret)
        except NoDraft:
            return visit.leave(see(f"/refer/{first}"))
        if draft.referral_id:
            return visit.leave(see(f"/refer/{first}"))
        return self.pages.show(request, "refer/begun.html", first=first, expires=draft.expires_at)

    def _refer_left(self, request: Request, secret: str | None) -> Draft:
        """A form that was left. Raises SeeOther where there is none, or where it was sent by now."""
        draft = Visit(request, self.pages, self.refer).found(secret)
        if draft.referral_id:
            raise SeeOther(SENT)
        return draft

    def _refer_challenge(
        self, request: Request, draft: Draft, template: str, wrong: dict[str, str] | None = None
    ) -> Response:
        return self.pages.show(
            request,
            f"refer/{template}",
            422 if wrong else 200,
            sheet=Sheet({}, wrong or {}),
            asks=expected(draft.document) is not None,
            borough=bool(at(draft.document, "/borough/code")),
            advice=draft.document["kind"] == ADVICE,
            expires=draft.expires_at,
        )

    def _refer_said(self, request: Request, secret: str | None, template: str) -> Response:
        """Lets in who knows the postcode, after a few tries at most."""
        draft = self._refer_left(request, secret)
        desk: ReferDesk = self.refer
        desk.guesses.take(draft.id)
        if not is_right(draft.document, form_of(request).text(FIELD)):
            text = self.pages.catalogue.error(FIELD, "not-the-same", "")
            return self._refer_challenge(request, draft, template, {FIELD: text})
        desk.reopen(secret)
        following = see(desk.journey(draft.document).next_path)
        return Visit(request, self.pages, self.refer).keep(following, secret or "")
