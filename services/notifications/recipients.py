"""Where messages go: asked as they are sent, kept nowhere, logged nowhere.

An agency's address stands in the settings or in the directory. Those of referrer and family are known to `referrals`
alone, which answers for each referral and purpose, records that it was asked, and says no where writing would not be
safe. A text goes out only where the answer itself says that texting is safe.

Messages that go out together are asked about together; an answer that has waited FRESH_SECONDS for its message to go is
asked for again, since what is safe may have changed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from marshmallow import ValidationError

from services.notifications.carriers.carrier import NotTaken
from services.notifications.deliveries import Delivery
from services.notifications.domain import AGENCY, EMAIL, TEXT
from services.notifications.schemas import RecipientSchema
from shared.resources import Resources

_SCHEMA = RecipientSchema()
CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 7.0
FRESH_SECONDS = 2.0
UNKNOWN = "recipient-unknown"
"""The reason by which `referrals` says that it knows no such referral."""
REFUSED, UNREADABLE = "referrals-refused", "recipient-unreadable"


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
    """Asks for addresses. `of_batch` for messages that go out together."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._session = requests.Session()
        # A proxy or a .netrc of the machine would be handed the key that services trust each other by.
        self._session.trust_env = False

    def of_batch(self, deliveries: Sequence[Delivery]) -> "Batch":
        """Nothing is asked before the first of them goes."""
        return Batch(self, deliveries)

    def of_agency(self, agency: str) -> Recipient:
        """Raises Nowhere for one without an address."""
        address = self._resources.settings.agency_mail.get(agency)
        if not address:
            try:
                address = self._resources.directory.agency(agency).notify_email
            except KeyError:
                raise Nowhere("unknown-agency") from None
        if not address:
            raise Nowhere("no-address")
        return Recipient(EMAIL, address)

    def ask(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """What `referrals` says of the reader of each, by the delivery's id; raises NotTaken when it says nothing of use."""
        readers = [
            {
                "referral_id": each.referral_id,
                "audience": each.audience,
                "purpose": each.template,
                "event": each.event_id,
            }
            for each in deliveries
        ]
        try:
            answer = self._session.post(
                f"{self._resources.settings.referrals_url}/internal/v1/recipients",
                json={"readers": readers},
                headers={"Authorization": f"Bearer {self._resources.internal_key}"},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException:
            raise NotTaken("referrals-away") from None
        if answer.status_code != 200:
            raise NotTaken(REFUSED)
        try:
            told: list[Any] = answer.json()["recipients"]
            return dict(zip((each.id for each in deliveries), told, strict=True))
        except (ValueError, LookupError, TypeError):
            raise NotTaken(UNREADABLE) from None


class Batch:
    """The readers of messages that go out together. `of` raises Nowhere where there is no address to be used, NotTaken when
    it cannot be known (just now)."""

    def __init__(self, recipients: Recipients, deliveries: Sequence[Delivery]) -> None:
        self._recipients = recipients
        self._to_people = {each.id: each for each in deliveries if each.audience != AGENCY}
        self._answers: dict[str, Any] = {}
        self._problem: NotTaken | None = None
        self._good_until = 0.0

    def of(self, delivery: Delivery) -> Recipient:
        """Who reads this one of the batch; each is asked for once."""
        if delivery.audience == AGENCY:
            return self._recipients.of_agency(delivery.agency or "")
        if time.monotonic() > self._good_until:
            self._ask()
        del self._to_people[delivery.id]
        if delivery.id in self._answers:
            return _recipient(self._answers.pop(delivery.id))
        if self._problem is None or self._problem.code == REFUSED:
            # One that cannot be answered must not hold up the others.
            return _recipient(self._recipients.ask([delivery])[delivery.id])
        raise self._problem

    def _ask(self) -> None:
        """For all that have not gone yet; that there is no answer just now is an answer for all of them, too."""
        self._answers, self._problem = {}, None
        try:
            self._answers = self._recipients.ask(list(self._to_people.values()))
        except NotTaken as problem:
            self._problem = problem
        self._good_until = time.monotonic() + FRESH_SECONDS


def _recipient(told: Any) -> Recipient:
    try:
        answer = _SCHEMA.load(told)
    except ValidationError:
        raise NotTaken(UNREADABLE) from None
    if answer["channel"] is None:
        if answer["reason"] == UNKNOWN:
            raise NotTaken(UNKNOWN, final=True)
        raise Nowhere(answer["reason"])
    if not answer["address"]:
        raise Nowhere("no-address")
    if answer["channel"] == TEXT and not answer["may_text"]:
        raise Nowhere("unsafe-channel")
    return Recipient(*(answer[name] for name in ("channel", "address", "link", "code")))
