"""Which organisations sign their people in themselves, from the file that WAYPOST_OPENID_FILE names. Read at start.

    families-apart:
      issuer: https://login.example.org/tenant
      client_id: waypost
      client_secret_file: /run/secrets/openid-families-apart
      addresses_are_verified: true    # only for a provider that vouches for its addresses without saying so

An owner is an agency's id, or `operations`. At the provider, register `<address>/sign-in/openid` to come back to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from marshmallow import Schema, ValidationError, fields, validate

from shared.settings import SettingsError

_ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Registration:
    """How Waypost is known at an organisation's provider."""

    owner: str
    issuer: str
    client_id: str
    client_secret: str
    addresses_are_verified: bool = False


class _Entry(Schema):
    issuer = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)
    client_id = fields.String(required=True, validate=validate.Length(1, 500))
    client_secret_file = fields.String(required=True)
    addresses_are_verified = fields.Boolean(load_default=False)


def read_registrations(path: Path | None) -> Mapping[str, Registration]:
    """By owner; none where no file is named. Raises SettingsError, which says what to do."""
    if path is None:
        return {}
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError):
        raise SettingsError(
            "WAYPOST_OPENID_FILE cannot be read as YAML. Name a file with an entry for each owner."
        ) from None
    if not isinstance(entries, dict):
        raise SettingsError("WAYPOST_OPENID_FILE must hold an entry for each owner: an agency's id, or operations.")
    return {str(owner): _registration(str(owner), entry) for owner, entry in entries.items()}


def _registration(owner: str, entry: object) -> Registration:
    try:
        given = _Entry().load(entry if isinstance(entry, dict) else {})
    except ValidationError as error:
        wrong = ", ".join(sorted(error.messages_dict))
        raise SettingsError(f"WAYPOST_OPENID_FILE, entry {owner}: {wrong} is missing or cannot be used.") from None
    parts = urlsplit(given["issuer"])
    if parts.scheme != "https" and parts.hostname not in _ON_THIS_MACHINE:
        raise SettingsError(f"WAYPOST_OPENID_FILE, entry {owner}: the issuer must be an https address.")
    try:
        secret = Path(given["client_secret_file"]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"WAYPOST_OPENID_FILE, entry {owner}: client_secret_file cannot be read ({error.strerror})."
        ) from None
    return Registration(owner, given["issuer"], given["client_id"], secret, given["addresses_are_verified"])
