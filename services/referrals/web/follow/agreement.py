"""Agreement that is given later: who agrees, in what words, to whom the referral may go."""

from datetime import date, datetime, time
from typing import Any

from werkzeug.wrappers import Response

from services.referrals.domain import CHILD_VIEWS, CONSENT_GIVERS, FAMILY
from services.referrals.web.follow.followed import Followed
from shared.clock import LONDON
from shared.directory import Agency
from shared.http.request import Request
from shared.web.forms import Form, Sheet
from shared.web.page import form_of

METHODS = ("verbal", "written")


class Agreement(Followed):
    """The page of agreement."""

    def show(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        self.may("give-consent")
        return self.draw(
            request,
            "agreement",
            sheet or Sheet({"/given/agencies": list(self._agreed)}),
            status,
            agencies=self._agencies,
            givers=CONSENT_GIVERS,
            views=CHILD_VIEWS,
            methods=METHODS,
        )

    def take(self, request: Request) -> Response:
        form = form_of(request)
        document = {"given": self._given(form)}
        changes, holder = self._front.changes, self._pass
        return self.change(
            request, lambda: changes.consent(document, holder.referral_id, holder), "agreed", form, self.show
        )

    @property
    def _agreed(self) -> list[str]:
        return list((self.one["referral"].get("consent") or {}).get("agencies", ()))

    @property
    def _agencies(self) -> list[Agency]:
        """Those whose rules do not speak against it, or whose consent covers already; all while no rule has spoken."""
        directory = self._front.known.directory
        possible = {each["agency"] for each in self.one["receipts"] if each["outcome"] != "ineligible"}
        possible |= set(self._agreed)
        return [agency for agency in directory.agencies if agency.id in possible] or list(directory.agencies)

    def _given(self, form: Form) -> dict[str, Any]:
        """What was typed, as the API takes it. The wording that was shown is that of the agencies that were chosen."""
        chosen = form.texts("/given/agencies")
        versions = sorted({agency.consent_version for agency in self._agencies if agency.id in chosen})
        given: dict[str, Any] = {
            "agencies": chosen,
            "wording_version": "_".join(versions) or "none",
            "given_at": self._when(form),
            "method": "online" if self._pass.role == FAMILY else form.text("/given/method"),
        }
        given |= {name: form.text(f"/given/{name}") for name in ("given_by", "name", "child_view")}
        return {name: value for name, value in given.items() if value or name == "agencies"}

    def _when(self, form: Form) -> str:
        """A family agrees now; of one that agreed before, the day is told: its beginning in London."""
        if self._pass.role == FAMILY:
            return self._front.now().isoformat()
        day = form.day("/given/given_at")
        try:
            return datetime.combine(date.fromisoformat(day), time(), LONDON).isoformat()
        except ValueError:
            return day
