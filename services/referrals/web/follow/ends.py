"""What takes one question: to take agreement back, to stop, to say that nobody has been in touch."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals.domain import CONSENT_GIVERS, WITHDRAWAL_REASONS
from services.referrals.web.follow.door import NOW
from services.referrals.web.follow.followed import Followed
from shared.http.request import Request
from shared.web.forms import Sheet
from shared.web.page import SeeOther, form_of


class Ends(Followed):
    """Three pages with a form each."""

    def show_agreement(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        self.may("withdraw-consent")
        return self.draw(request, "agreement-end", sheet, status, givers=CONSENT_GIVERS)

    def end_agreement(self, request: Request) -> Response:
        form, holder = form_of(request), self._pass
        end: dict[str, Any] = {"withdrawn_at": self._front.now().isoformat()}
        if form.text("/withdrawn/withdrawn_by"):
            end["withdrawn_by"] = form.text("/withdrawn/withdrawn_by")
        changes = self._front.changes
        return self.change(
            request,
            lambda: changes.consent({"withdrawn": end}, holder.referral_id, holder),
            "taken-back",
            form,
            self.show_agreement,
        )

    def show_stop(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        self.may("withdraw")
        return self.draw(request, "stop", sheet, status, reasons=WITHDRAWAL_REASONS)

    def stop(self, request: Request) -> Response:
        form, holder, changes = form_of(request), self._pass, self._front.changes
        document = {"reason": form.text("/reason")} if form.text("/reason") else {}
        return self.change(
            request,
            lambda: changes.withdrawal(document, holder.referral_id, holder),
            "stopped",
            form,
            self.show_stop,
        )

    def show_waiting(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        if not self.timeline["may_say_not_contacted"]:
            raise SeeOther(f"{NOW}?done=changed")
        return self.draw(request, "waiting", sheet, status, day=self.timeline["first_contact_by"])

    def say_waiting(self, request: Request) -> Response:
        form, holder, changes = form_of(request), self._pass, self._front.changes
        return self.change(
            request,
            lambda: changes.not_contacted({}, holder.referral_id, holder),
            "waiting",
            form,
            self.show_waiting,
        )
