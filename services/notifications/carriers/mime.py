"""A message as an e-mail: plain text, a neutral sender, and a Message-ID that stays the same when it is sent again."""

from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from functools import cache, lru_cache
from typing import Any

from services.notifications.carriers.carrier import Message, NotTaken
from services.notifications.discretion import OUR_NAME

_NO_ADDRESS = (ValueError, IndexError, MessageError)
_ALIKE = {"From", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


class _Headers(HeaderRegistry):
    """Makes the class of each header once, and each header that many messages have alike. For each message, as the library
    does, that is three quarters of what one costs."""

    __getitem__ = cache(HeaderRegistry.__getitem__)
    _once = lru_cache(maxsize=64)(HeaderRegistry.__call__)

    def __call__(self, name: str, value: Any) -> BaseHeader:
        return self._once(name, value) if name in _ALIKE else super().__call__(name, value)


_POLICY = SMTP.clone(header_factory=_Headers())


def bare_address(text: str) -> str:
    """The address alone: a display name in a setting could tell who sends."""
    return parseaddr(text)[1]


def is_address(text: str) -> bool:
    """Whether mail can be sent from it."""
    try:
        Address(addr_spec=text)
    except _NO_ADDRESS:
        return False
    return True


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def as_email(message: Message, sender: str) -> EmailMessage:
    """The e-mail from `sender`, a bare address. Raises NotTaken when the recipient's address is none."""
    email = EmailMessage(policy=_POLICY)
    try:
        email["To"] = Address(addr_spec=message.address)
    except _NO_ADDRESS:
        raise NotTaken("address-unusable", final=True) from None
    email["From"] = _from(sender)
    email["Subject"] = message.subject
    email["Date"] = message.written_at
    email["Message-ID"] = f"<{message.id}@{domain_of(sender)}>"
    email["Auto-Submitted"] = "auto-generated"  # So that out-of-office notices do not answer.
    # Left as it is where it can be: wrapped and escaped, a long link is broken for whoever opens the file.
    email.set_content(message.body, cte="7bit" if message.body.isascii() else "quoted-printable")
    return email


@cache
def _from(sender: str) -> str:
    return str(Address(OUR_NAME, addr_spec=sender))
