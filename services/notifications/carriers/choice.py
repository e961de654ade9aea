"""Which carriers the settings ask for, one for each channel that is served.

E-mail goes by the mail server that WAYPOST_SMTP names, else by GOV.UK Notify where it has a template for it, else to
files. Texts go by GOV.UK Notify, or not at all.
"""

from pathlib import Path

from services.notifications.carriers.carrier import Carrier
from services.notifications.carriers.files import FileCarrier
from services.notifications.carriers.mime import bare_address, is_address
from services.notifications.carriers.notify import NotifyCarrier, NotifyKey
from services.notifications.carriers.smtp import SmtpCarrier, read_smtp_url
from services.notifications.domain import EMAIL, TEXT
from shared.settings import Settings, SettingsError


def outbox_of(settings: Settings) -> Path:
    """The folder that messages are written to when there is no mail server."""
    return settings.data / "outbox"


def carriers_for(settings: Settings) -> list[Carrier]:
    """E-mail's carrier, and that of texts where there is one; raises SettingsError for settings that cannot be used."""
    email, text = settings.notify_email_template, settings.notify_text_template
    carriers: list[Carrier] = [_notify(settings, EMAIL, email) if email and not settings.smtp else _email(settings)]
    if text:
        carriers.append(_notify(settings, TEXT, text))
    return carriers


def _email(settings: Settings) -> Carrier:
    sender = bare_address(settings.mail_from)
    if not is_address(sender):
        raise SettingsError("WAYPOST_MAIL_FROM is no e-mail address. Write the address that messages come from.")
    if settings.smtp:
        return SmtpCarrier(read_smtp_url(settings.smtp), sender)
    return FileCarrier(outbox_of(settings), sender)


def _notify(settings: Settings, channel: str, template_id: str) -> Carrier:
    if settings.notify_key_file is None:
        raise SettingsError("A template of GOV.UK Notify needs a key: name its file in WAYPOST_NOTIFY_KEY_FILE.")
    try:
        key = settings.notify_key_file.read_text()
    except (OSError, ValueError):
        raise SettingsError("WAYPOST_NOTIFY_KEY_FILE cannot be read. Name a file that holds the key.") from None
    return NotifyCarrier(channel, settings.notify_url, NotifyKey.read(key), template_id)
