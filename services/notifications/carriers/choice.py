"""Which carriers the settings ask for: e-mail by the mail server that WAYPOST_SMTP names, else as files."""

from pathlib import Path

from services.notifications.carriers.carrier import Carrier
from services.notifications.carriers.files import FileCarrier
from services.notifications.carriers.mime import bare_address
from services.notifications.carriers.smtp import SmtpCarrier, read_smtp_url
from shared.settings import Settings, SettingsError


def outbox_of(settings: Settings) -> Path:
    """The folder that messages are written to when there is no mail server."""
    return settings.data / "outbox"


def carriers_for(settings: Settings) -> list[Carrier]:
    """One carrier for each channel that is served; raises SettingsError for settings that cannot be used."""
    return [_email(settings)]


def _email(settings: Settings) -> Carrier:
    sender = bare_address(settings.mail_from)
    if "@" not in sender:
        raise SettingsError("WAYPOST_MAIL_FROM is no e-mail address. Write the address that messages come from.")
    if settings.smtp:
        return SmtpCarrier(read_smtp_url(settings.smtp), sender)
    return FileCarrier(outbox_of(settings), sender)
