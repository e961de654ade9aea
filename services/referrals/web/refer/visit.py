"""A browser and its form: the secret in its cookie, and whether what stands in the form may be shown to whoever sits there."""

from werkzeug.wrappers import Response

from services.referrals.web.refer.desk import ReferDesk
from services.referrals.web.refer.drafts import Draft, NoDraft
from shared.http.request import Request
from shared.web.page import SeeOther
from shared.web.pages import Pages

COOKIE = "waypost-form"
GONE, SENT, STILL_THERE, BEGIN = "/refer/gone", "/refer/sent", "/refer/still-there", "/refer"


class Visit:
    """One request. The cookie lasts until the browser is closed: whoever comes back later has the address of the form."""

    def __init__(self, request: Request, pages: Pages, desk: ReferDesk) -> None:
        self._cookies = pages.cookies
        self._desk = desk
        self.secret = pages.cookies.read(request, COOKIE)

    def draft(self) -> Draft:
        """The form of this browser, whatever became of it. Raises SeeOther where there is none (any more)."""
        if self.secret is None:
            raise SeeOther(BEGIN)
        return self.found(self.secret)

    def found(self, secret: str | None) -> Draft:
        """The form of a secret. Raises SeeOther where there is none."""
        try:
            return self._desk.drafts.find(secret)
        except NoDraft:
            raise SeeOther(GONE) from None

    def open(self) -> Draft:
        """The form of this browser, to be shown. Raises SeeOther where it was sent, or where nobody was for a while."""
        draft = self.draft()
        if draft.referral_id:
            raise SeeOther(SENT)
        if draft.is_closed(self._desk.now):
            raise SeeOther(STILL_THERE)
        return draft

    def keep(self, response: Response, secret: str) -> Response:
        """Gives this browser the form."""
        self._cookies.give(response, COOKIE, secret)
        return response

    def leave(self, response: Response) -> Response:
        """Takes the form from this browser."""
        self._cookies.take_back(response, COOKIE)
        return response
