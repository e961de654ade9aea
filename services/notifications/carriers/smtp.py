"""Messages by SMTP, over one connection for a batch.

Final is what the server says of this message or its recipient (5xx). What it says of us (the log-in, the sender), a
server that is away, slow, busy or hangs up, is tried again until somebody has mended it. A server that answers a byte
at a time is given up too: each step has a timeout, and each message as a whole.

The address is a URL: `smtp://user:pass@host:587?starttls=1`, `smtps://user:pass@host`, `smtp://localhost:25`.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import eventlet

from services.notifications.carriers.carrier import CarrierAway, Message, NotTaken
from services.notifications.carriers.mime import as_email, domain_of
from shared.settings import SettingsError

STEP_SECONDS = 10.0
MESSAGE_SECONDS = 30.0


@dataclass(frozen=True)
class SmtpAddress:
    """Where the mail server is. `security`: `none`, `starttls` (refused by the server: nothing is sent), or `tls`."""

    host: str
    port: int
    security: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read_smtp_url(url: str) -> SmtpAddress:
    """Reads the setting; raises SettingsError, which does not repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError("WAYPOST_SMTP has no port number where one belongs. Write smtp://host:587.") from None
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsError("WAYPOST_SMTP is no address of a mail server. Write smtp://host:port or smtps://host.")
    if options not in ({}, {"starttls": ["1"]}, {"starttls": ["0"]}):
        raise SettingsError("WAYPOST_SMTP has an option that is not known. The only one is ?starttls=1.")
    security = "tls" if parts.scheme == "smtps" else "starttls" if options.get("starttls") == ["1"] else "none"
    return SmtpAddress(
        parts.hostname,
        port or {"tls": 465, "starttls": 587, "none": 25}[security],
        security,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


class SmtpCarrier:
    """Sends from `sender`, a bare address."""

    channel = "e-mail"

    def __init__(
        self, address: SmtpAddress, sender: str, *, step: float = STEP_SECONDS, whole: float = MESSAGE_SECONDS
    ) -> None:
        self._address = address
        self._sender = sender
        self._step = step
        self._whole = whole

    @contextmanager
    def line(self) -> Iterator["SmtpLine"]:
        try:
            with eventlet.Timeout(self._whole, TimeoutError()):
                smtp = self._connect()
        except smtplib.SMTPAuthenticationError:
            raise CarrierAway("login-refused") from None
        except (smtplib.SMTPException, OSError):
            raise CarrierAway("carrier-away") from None
        try:
            yield SmtpLine(smtp, self._sender, self._whole)
        finally:
            _leave(smtp)

    def _connect(self) -> smtplib.SMTP:
        address = self._address
        # Our own name in the greeting: smtplib would ask the DNS for it, and wait for the answer.
        ours = domain_of(self._sender)
        if address.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                address.host, address.port, ours, timeout=self._step, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(address.host, address.port, ours, timeout=self._step)
        try:
            if address.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if address.user is not None:
                smtp.login(address.user, address.password or "")
        except BaseException:
            smtp.close()
            raise
        return smtp


class SmtpLine:
    """One connection, logged in."""

    def __init__(self, smtp: smtplib.SMTP, sender: str, whole: float) -> None:
        self._smtp = smtp
        self._sender = sender
        self._whole = whole

    def send(self, message: Message) -> None:
        email = as_email(message, self._sender)
        try:
            with eventlet.Timeout(self._whole, TimeoutError()):
                self._smtp.send_message(email, self._sender, [message.address])
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            raise self._problem("recipient", code) from None
        except smtplib.SMTPSenderRefused:
            raise CarrierAway("sender-refused") from None
        except smtplib.SMTPNotSupportedError:
            raise NotTaken("address-not-supported", final=True) from None
        except smtplib.SMTPResponseException as error:
            raise self._problem("message", error.smtp_code) from None
        except (smtplib.SMTPException, OSError):
            raise CarrierAway("connection-lost") from None

    def _problem(self, what: str, code: int) -> NotTaken:
        """421 says that the server hangs up, whatever it was asked."""
        if code == 421:
            return CarrierAway("carrier-busy")
        final = 500 <= code < 600
        return NotTaken(f"{what}-refused" if final else f"{what}-deferred", final=final)


def _leave(smtp: smtplib.SMTP) -> None:
    """Says goodbye where the line still works; the server has taken what it took either way."""
    try:
        with eventlet.Timeout(2, TimeoutError()):
            smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()
