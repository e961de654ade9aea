"""Where a message goes: asked at the moment it is sent, kept nowhere, logged nowhere.

An agency's address stands in the settings or in the directory. The referrer's is known to `referrals` alone, which
answers for one referral and one purpose, records that it was asked, and says no where writing would not be safe.
"""

import requests
from marshmallow import ValidationError

from services.notifications.carriers.carrier import NotTaken
from services.notifications.domain import AGENCY
from services.notifications.schemas import RecipientSchema
from shared.resources import Resources

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 7.0


class Nowhere(Exception):
    """The message is not to be sent; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Recipients:
    """Answers addresses. Raises Nowhere when there is none to be used, NotTaken when it cannot be known (just now)."""

    def __init__(self, resources: Resources, channel: str) -> None:
        self._resources = resources
        self._channel = channel
        self._schema = RecipientSchema()
        self._session = requests.Session()
        # A proxy or a .netrc of the machine would be handed the key that services trust each other by.
        self._session.trust_env = False

    def address_of(self, audience: str, agency: str | None, referral_id: str, purpose: str) -> str:
        """The address of one message's reader; `purpose` is its template."""
        if audience == AGENCY:
            return self._of_agency(agency or "")
        return self._of_referrer(referral_id, purpose)

    def _of_agency(self, agency: str) -> str:
        address = self._resources.settings.agency_mail.get(agency)
        if not address:
            try:
                address = self._resources.directory.agency(agency).notify_email
            except KeyError:
                raise Nowhere("unknown-agency") from None
        if not address:
            raise Nowhere("no-address")
        return address

    def _of_referrer(self, referral_id: str, purpose: str) -> str:
        url = f"{self._resources.settings.referrals_url}/internal/v1/referrals/{referral_id}/recipient"
        try:
            answer = self._session.get(
                url,
                params={"audience": "referrer", "purpose": purpose},
                headers={"Authorization": f"Bearer {self._resources.internal_key}"},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException:
            raise NotTaken("referrals-away") from None
        if answer.status_code == 404:
            raise NotTaken("recipient-unknown", final=True)
        if answer.status_code != 200:
            raise NotTaken("referrals-refused")
        try:
            recipient = self._schema.load(answer.json())
        except (ValueError, ValidationError):
            raise NotTaken("recipient-unreadable") from None
        if recipient["channel"] is None:
            raise Nowhere(recipient["reason"])
        if recipient["channel"] != self._channel or not recipient["address"]:
            raise Nowhere("channel-not-served")
        address: str = recipient["address"]
        return address
