"""The routes of the pages by which a referral is followed. Titles and addresses say nothing of what it is about."""

from werkzeug.wrappers import Response

from services.referrals.front import Front
from services.referrals.web.follow.agreement import Agreement
from services.referrals.web.follow.contact import Contact
from services.referrals.web.follow.details import Details
from services.referrals.web.follow.door import Door
from services.referrals.web.follow.ends import Ends
from services.referrals.web.follow.link import track
from services.referrals.web.follow.overview import Overview
from shared.http.request import Request
from shared.messaging.store import Store
from shared.web.page import page
from shared.web.pages import Pages

BY_LINK = "the address holds a secret of 32 random bytes, and the page tells nothing"
BY_CODE = "a one-time code that was sent the safe way opens it"
ASKING = "whoever has a reference may ask for a code, which goes to the family or the referrer alone"


class FollowRoutes:
    """A part of the referrals service."""

    pages: Pages
    front: Front
    store: Store

    @page("GET", "/track/<token>", public=BY_LINK)
    def track(self, request: Request, token: str) -> Response:
        """The tracking page."""
        return track(self.pages, self.store, request, token)

    @page("POST", "/track/<token>", public=BY_LINK)
    def track_ask(self, request: Request, token: str) -> Response:
        return self._door.ask_by_link(request, token)

    @page("GET", "/follow", public=ASKING)
    def follow(self, request: Request) -> Response:
        return self._door.start(request)

    @page("POST", "/follow", public=ASKING)
    def follow_ask(self, request: Request) -> Response:
        return self._door.ask(request)

    @page("GET", "/follow/code", public=ASKING)
    def follow_code(self, request: Request) -> Response:
        return self._door.code(request)

    @page("POST", "/follow/code", public=ASKING)
    def follow_enter(self, request: Request) -> Response:
        return self._door.enter(request)

    @page("POST", "/follow/leave", public=BY_CODE)
    def follow_leave(self, request: Request) -> Response:
        return self._door.leave(request)

    @page("GET", "/follow/now", public=BY_CODE)
    def follow_now(self, request: Request) -> Response:
        return Overview(self.pages, self.front, self._door.opened(request)).show(request)

    @page("GET", "/follow/contact", public=BY_CODE)
    def follow_contact(self, request: Request) -> Response:
        return Contact(self.pages, self.front, self._door.opened(request)).show(request)

    @page("POST", "/follow/contact", public=BY_CODE)
    def follow_contact_change(self, request: Request) -> Response:
        return Contact(self.pages, self.front, self._door.opened(request)).take(request)

    @page("GET", "/follow/agreement", public=BY_CODE)
    def follow_agreement(self, request: Request) -> Response:
        return Agreement(self.pages, self.front, self._door.opened(request)).show(request)

    @page("POST", "/follow/agreement", public=BY_CODE)
    def follow_agree(self, request: Request) -> Response:
        return Agreement(self.pages, self.front, self._door.opened(request)).take(request)

    @page("GET", "/follow/agreement/end", public=BY_CODE)
    def follow_agreement_end(self, request: Request) -> Response:
        return Ends(self.pages, self.front, self._door.opened(request)).show_agreement(request)

    @page("POST", "/follow/agreement/end", public=BY_CODE)
    def follow_agreement_ended(self, request: Request) -> Response:
        return Ends(self.pages, self.front, self._door.opened(request)).end_agreement(request)

    @page("GET", "/follow/details", public=BY_CODE)
    def follow_details(self, request: Request) -> Response:
        return Details(self.pages, self.front, self._door.opened(request)).show(request)

    @page("POST", "/follow/details", public=BY_CODE)
    def follow_details_give(self, request: Request) -> Response:
        return Details(self.pages, self.front, self._door.opened(request)).take(request)

    @page("GET", "/follow/waiting", public=BY_CODE)
    def follow_waiting(self, request: Request) -> Response:
        return Ends(self.pages, self.front, self._door.opened(request)).show_waiting(request)

    @page("POST", "/follow/waiting", public=BY_CODE)
    def follow_waiting_said(self, request: Request) -> Response:
        return Ends(self.pages, self.front, self._door.opened(request)).say_waiting(request)

    @page("GET", "/follow/stop", public=BY_CODE)
    def follow_stop(self, request: Request) -> Response:
        return Ends(self.pages, self.front, self._door.opened(request)).show_stop(request)

    @page("POST", "/follow/stop", public=BY_CODE)
    def follow_stopped(self, request: Request) -> Response:
        return Ends(self.pages, self.front, self._door.opened(request)).stop(request)

    @property
    def _door(self) -> Door:
        return Door(self.pages, self.front, self.store)
