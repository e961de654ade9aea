"""Every setting, read once from the environment (`WAYPOST_…`); what is not set is the default of `make run`.

A setting that cannot work is refused here, at start, in words that say what to do: not at the first message.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

SERVICES = ("referrals", "eligibility", "routing", "notifications", "operations")
HTTP_PORTS = {"referrals": 8000, "routing": 8001, "operations": 8002}
MANAGEMENT_PORTS = {name: 9000 + number for number, name in enumerate(SERVICES)}
DATABASE_PASSWORDS = ("WAYPOST_DATABASE_PASSWORD", "WAYPOST_DATABASE_PASSWORD_FILE")
LIMITS = (
    "KEY_RATE",
    "KEY_BURST",
    "ADDRESS_RATE",
    "ADDRESS_BURST",
    "CODE_BURST",
    "FAILED_BURST",
    "HTTP_MAX_CONNECTIONS",
    "TRUSTED_PROXIES",
    "SESSION_IDLE_MINUTES",
    "SIGN_IN_BURST",
    "STOP_SECONDS",
)
TRANSPORTS = ("memory", "amqp", "amqps")


class SettingsError(Exception):
    """A setting is missing or cannot work; the text says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """The whole configuration of one process. `Settings.from_environment()` reads it."""

    data: Path
    database: str
    database_passwords: Mapping[str, str]
    database_folder: Path | None
    broker: str
    broker_management: str | None
    master_key_file: Path
    internal_key_file: Path
    directory: Path | None
    directory_forced: bool
    bind: str
    ports: Mapping[str, int]
    management_ports: Mapping[str, int]
    management_hosts: Mapping[str, str]
    referrals_url: str
    public_url: str
    agencies_url: str
    operations_url: str
    smtp: str | None
    mail_from: str
    agency_mail: Mapping[str, str]
    notify_url: str
    notify_key_file: Path | None
    notify_email_template: str | None
    notify_text_template: str | None
    log_level: str
    limits: Mapping[str, int]
    webhooks_allow: tuple[str, ...]
    openid_file: Path | None
    otlp_endpoint: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Reads `WAYPOST_…`; raises SettingsError. `…_FILE` names a file that holds a secret."""
        env = os.environ if environment is None else environment
        data = Path(env.get("WAYPOST_DATA", "var")).absolute()
        bind = env.get("WAYPOST_BIND", "127.0.0.1")
        ports = {name: _port(env, f"WAYPOST_{name.upper()}_PORT", port) for name, port in HTTP_PORTS.items()}
        return cls(
            data=data,
            database=env.get("WAYPOST_DATABASE", f"sqlite:///{data}/{{service}}.sqlite3"),
            database_passwords={name: env[name] for name in DATABASE_PASSWORDS if env.get(name)},
            database_folder=Path(env["WAYPOST_DATABASE_FOLDER"]) if env.get("WAYPOST_DATABASE_FOLDER") else None,
            broker=_checked_broker(
                _with_password(env.get("WAYPOST_BROKER", "memory://"), env, "WAYPOST_BROKER_PASSWORD")
            ),
            broker_management=_with_password(
                env["WAYPOST_BROKER_MANAGEMENT"], env, "WAYPOST_BROKER_MANAGEMENT_PASSWORD"
            )
            if env.get("WAYPOST_BROKER_MANAGEMENT")
            else None,
            master_key_file=Path(env.get("WAYPOST_MASTER_KEY_FILE", data / "keys" / "master")),
            internal_key_file=Path(env.get("WAYPOST_INTERNAL_KEY_FILE", data / "keys" / "internal")),
            directory=Path(env["WAYPOST_DIRECTORY"]) if env.get("WAYPOST_DIRECTORY") else None,
            directory_forced=env.get("WAYPOST_DIRECTORY_FORCED", "") == "yes",
            bind=bind,
            ports=ports,
            management_ports={
                name: _port(env, "WAYPOST_MANAGEMENT_PORT", _port(env, f"WAYPOST_{name.upper()}_MANAGEMENT_PORT", port))
                for name, port in MANAGEMENT_PORTS.items()
            },
            management_hosts={name: env.get(f"WAYPOST_{name.upper()}_HOST", "127.0.0.1") for name in SERVICES},
            referrals_url=env.get("WAYPOST_REFERRALS_URL", f"http://127.0.0.1:{ports['referrals']}"),
            public_url=env.get("WAYPOST_PUBLIC_URL", f"http://127.0.0.1:{ports['referrals']}"),
            agencies_url=env.get("WAYPOST_AGENCIES_URL", f"http://127.0.0.1:{ports['routing']}"),
            operations_url=env.get("WAYPOST_OPERATIONS_URL", f"http://127.0.0.1:{ports['operations']}"),
            smtp=_with_password(env["WAYPOST_SMTP"], env, "WAYPOST_SMTP_PASSWORD") if env.get("WAYPOST_SMTP") else None,
            mail_from=env.get("WAYPOST_MAIL_FROM", "waypost@example.org"),
            agency_mail={
                key.removeprefix("WAYPOST_AGENCY_MAIL_").lower().replace("_", "-"): value
                for key, value in env.items()
                if key.startswith("WAYPOST_AGENCY_MAIL_") and value
            },
            notify_url=env.get("WAYPOST_NOTIFY_URL", "https://api.notifications.service.gov.uk"),
            notify_key_file=Path(env["WAYPOST_NOTIFY_KEY_FILE"]) if env.get("WAYPOST_NOTIFY_KEY_FILE") else None,
            notify_email_template=env.get("WAYPOST_NOTIFY_EMAIL_TEMPLATE") or None,
            notify_text_template=env.get("WAYPOST_NOTIFY_TEXT_TEMPLATE") or None,
            log_level=env.get("WAYPOST_LOG_LEVEL", "info"),
            limits={name: _number(env, f"WAYPOST_{name}") for name in LIMITS if env.get(f"WAYPOST_{name}")},
            webhooks_allow=tuple(env.get("WAYPOST_WEBHOOKS_ALLOW", "").split()),
            openid_file=Path(env["WAYPOST_OPENID_FILE"]) if env.get("WAYPOST_OPENID_FILE") else None,
            otlp_endpoint=env.get("WAYPOST_OTLP_ENDPOINT") or env.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        )

    def database_url(self, service: str) -> str:
        """The database of one service: a file of its own, or its own role and schema, with the role's own password."""
        env = {name: value.replace("{service}", service) for name, value in self.database_passwords.items()}
        return _with_password(self.database.replace("{service}", service), env, "WAYPOST_DATABASE_PASSWORD")


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"{name} must be a port number from 1 to 65535.")
    return int(text)


def _number(env: Mapping[str, str], name: str) -> int:
    if not env[name].isdigit():
        raise SettingsError(f"{name} must be a whole number.")
    return int(env[name])


def _with_password(url: str, env: Mapping[str, str], name: str) -> str:
    """The URL with the password that `NAME_FILE` or `NAME` holds, so that no URL in a compose file holds a secret."""
    path, password = env.get(f"{name}_FILE"), env.get(name)
    if path:
        try:
            password = Path(path).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE cannot be read ({error.strerror}). Name a file that holds it.") from None
    if not password:
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def _checked_broker(url: str) -> str:
    scheme = urlsplit(url).scheme
    if scheme not in TRANSPORTS:
        raise SettingsError(
            f"WAYPOST_BROKER: '{scheme}' is no transport that Waypost can trust with a referral (some start, accept "
            "events and deliver nothing). Use memory:// for one process, amqp:// or amqps:// for RabbitMQ."
        )
    return url
