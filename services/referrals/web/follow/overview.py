"""Where a referral stands: what happens next and when, who was asked and what they said, what is held, what can be done."""

from typing import Any

from werkzeug.wrappers import Response

from services.referrals.shown import CHANNELS, hinted
from services.referrals.web.follow.followed import Followed
from shared.http.request import Request

NOT_TOLD = ("assessed", "notification-sent", "notification-failed", "notification-suppressed", "concluded")
"""What says nothing to people that another entry does not say."""


class Overview(Followed):
    """The page to which everything leads back."""

    def show(self, request: Request) -> Response:
        done = request.args.get("done", "")
        referral = self.one["referral"]
        return self.draw(
            request,
            "now",
            done=done if done in self._pages.catalogue.section("follow-done") else "",
            status_code=self.one["status"],
            allowed=self.one["allowed"],
            timeline=self.timeline,
            happened=[entry for entry in self.timeline["items"] if entry["type"] not in NOT_TOLD],
            consent=referral.get("consent"),
            agreed=[self.agency(each) for each in (referral.get("consent") or {}).get("agencies", ())],
            ways=self._ways(referral.get("family_contact")),
            children=[child["first_name"] for child in referral.get("children", ())],
            wanted=[item for item in self.timeline["wanted"] if item != "consent"],
        )

    def _ways(self, contact: dict[str, Any] | None) -> list[dict[str, Any]]:
        """How the family is reached, channel by channel; `way` is a hint at it and never the whole."""
        said = (contact or {}).get("safe_contact") or {}
        if said.get("through_referrer_only"):
            return [{"channel": "referrer", "way": None, "safe": True, "may": []}]
        found = []
        for channel, field in CHANNELS.items():
            way, how = (contact or {}).get(field), said.get(channel) or {}
            if way:
                may = [flag for flag in ("message", "text", "name_organisation") if how.get("safe") and how.get(flag)]
                found.append({"channel": channel, "way": hinted(way), "safe": bool(how.get("safe")), "may": may})
        return found
