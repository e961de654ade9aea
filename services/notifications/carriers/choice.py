"""Which carrier the settings ask for: the mail server that WAYPOST_SMTP names, else files."""

from pathlib import Path

from services.notifications.carriers.carrier import Carrier
from services.notifications.carriers.files import FileCarrier
from services.notifications.carriers.mime import bare_address
from services.notifications.carriers.smtp import SmtpCarrier, read_smtp_url
from shared.settings import Settings, SettingsError


def outbox_of(settings: Settings) -> Path:
    """The folder that messages are written to when there is no mail server."""
    return settings.data / "outbox"


def carrier_for(settings: Settings) -> Carrier:
    """The carrier; raises SettingsError for a sender or a mail server that cannot be used."""
    sender = bare_address(settings.mail_from)
    if "@" not in sender:
        raise SettingsError("WAYPOST_MAIL_FROM is no e-mail address. Write the address that messages come from.")
    if settings.smtp:
        return SmtpCarrier(read_smtp_url(settings.smtp), sender)
    return FileCarrier(outbox_of(settings), sender)
