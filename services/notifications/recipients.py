"""Where a message goes: asked at the moment it is sent, kept nowhere, logged nowhere.

An agency's address stands in the settings or in the directory. Those of referrer and family are known to `referrals`
alone, which answers for one referral and one purpose, records that it was asked, and says no where writing would not be
safe. A text goes out only where the answer itself says that texting is safe.
"""

from dataclasses import dataclass, field

import requests
from marshmallow import ValidationError

from services.notifications.carriers.carrier import NotTaken
from services.notifications.domain import AGENCY, EMAIL, TEXT
from services.notifications.schemas import RecipientSchema
from shared.resources import Resources

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 7.0


class Nowhere(Exception):
    """The message is not to be sent; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Recipient:
    """Where one message goes; `link` is the reader's page, where it is not the one that the delivery knows.

    `code` is the one-time code that the message is about.
    """

    channel: str
    address: str = field(repr=False)
    link: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)


class Recipients:
    """Answers addresses. Raises Nowhere when there is none to be used, NotTaken when it cannot be known (just now)."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._schema = RecipientSchema()
        self._session = requests.Session()
        # A proxy or a .netrc of the machine would be handed the key that services trust each other by.
        self._session.trust_env = False

    def of(self, audience: str, agency: str | None, referral_id: str, purpose: str, event_id: str) -> Recipient:
        """The reader of one message; `purpose` is its template, `event_id` the event that it tells of."""
        if audience == AGENCY:
            return Recipient(EMAIL, self._of_agency(agency or ""))
        return self._of_person(audience, referral_id, purpose, event_id)

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

    def _of_person(self, audience: str, referral_id: str, purpose: str, event_id: str) -> Recipient:
        url = f"{self._resources.settings.referrals_url}/internal/v1/referrals/{referral_id}/recipient"
        try:
            answer = self._session.get(
                url,
                params={"audience": audience, "purpose": purpose, "event": event_id},
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
        if not recipient["address"]:
            raise Nowhere("no-address")
        if recipient["channel"] == TEXT and not recipient["may_text"]:
            raise Nowhere("unsafe-channel")
        return Recipient(*(recipient[name] for name in ("channel", "address", "link", "code")))
