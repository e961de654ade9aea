"""How a family is reached safely, changed by itself or by whoever made the referral. What is known is shown in hints."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals.shown import CHANNELS, hinted
from services.referrals.web.follow.followed import Followed
from shared.http.request import Request
from shared.web.forms import Form, Sheet
from shared.web.page import form_of

MAY = {"telephone": ("message", "text", "name_organisation"), "email": ("name_organisation",), "letter": ()}
"""What may be safe on each channel besides using it."""
ALONE = "/safe_contact/through_referrer_only"


class Contact(Followed):
    """The page of safe contact."""

    def show(self, request: Request, sheet: Sheet | None = None, status: int = 200) -> Response:
        self.may("change-contact")
        held = self._held
        return self.draw(
            request,
            "contact",
            sheet or Sheet(_typed(held)),
            status,
            channels=[
                {"channel": channel, "field": field, "hint": hinted(held.get(field)), "may": MAY[channel]}
                for channel, field in CHANNELS.items()
            ],
            who_is_missing=not (held.get("name") and held.get("relationship")),
        )

    def take(self, request: Request) -> Response:
        form = form_of(request)
        document = _document(form)
        changes, holder = self._front.changes, self._pass
        return self.change(
            request,
            lambda: changes.family_contact(document, holder.referral_id, holder),
            "contact",
            form,
            self.show,
        )

    @property
    def _held(self) -> dict[str, Any]:
        return self.one["referral"].get("family_contact") or {}


def _document(form: Form) -> dict[str, Any]:
    """What was typed, as the API takes it: a number or address that is left empty stays as it is."""
    document: dict[str, Any] = {
        name: form.text(f"/{name}") for name in ("name", "relationship", *CHANNELS.values()) if form.text(f"/{name}")
    }
    safe: dict[str, Any] = {"through_referrer_only": form.text(ALONE) == "yes"}
    for channel in CHANNELS:
        place = f"/safe_contact/{channel}"
        said = form.text(f"{place}/safe")
        if said:
            may = form.texts(f"{place}/may")
            safe[channel] = {"safe": said == "yes", **{flag: said == "yes" and flag in may for flag in MAY[channel]}}
            if form.text(f"{place}/good_times"):
                safe[channel]["good_times"] = form.text(f"{place}/good_times")
    return document | {"safe_contact": safe}


def _typed(held: dict[str, Any]) -> dict[str, list[str]]:
    """The form as it is first shown: what is safe as it was said, and no number or address."""
    said = held.get("safe_contact") or {}
    typed = {ALONE: ["yes" if said.get("through_referrer_only") else "no"]}
    for channel in CHANNELS:
        how = said.get(channel)
        if how:
            place = f"/safe_contact/{channel}"
            typed[f"{place}/safe"] = ["yes" if how.get("safe") else "no"]
            typed[f"{place}/may"] = [flag for flag in MAY[channel] if how.get(flag)]
            typed[f"{place}/good_times"] = [how.get("good_times") or ""]
    return typed
