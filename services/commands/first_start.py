"""What a start needs before services run. With the default's settings all of it is made here, once: keys, places, databases.

At scale it is made by `waypost migrate` and by whoever keeps the secrets; then a start only checks.
"""

import fcntl
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from services.catalogue import migrations_of, runtime_of
from services.commands.demo import demo_invitations, demo_keys, example_call
from services.commands.secret_files import write_secret
from shared.database.migrations import migrate
from shared.privacy.keyfile import create_key_file
from shared.settings import Settings


@dataclass
class FirstStart:
    """What was made, and the lock that keeps a second process away from the same files."""

    demo_keys: dict[str, str]
    invitations: dict[str, str]
    lock: IO[str] | None

    def welcome(self, settings: Settings, names: list[str], seconds: float) -> str:
        """What a newcomer reads when all is up: addresses, demo keys and one call that works as printed."""
        lines = [f"Waypost is up after {seconds:.1f} s: {', '.join(names)}.", ""]
        for name, port in settings.ports.items():
            if name in names:
                lines.append(f"  {AUDIENCES[name]:<22} http://{settings.bind}:{port}")
        lines.append(
            f"  {'health and metrics':<22} " + ", ".join(f":{settings.management_ports[name]}" for name in names)
        )
        if self.demo_keys:
            lines += ["", "Demo keys (also in " + str(settings.data / "keys" / "demo.json") + "):", ""]
            lines += [f"  {name:<22} {key}" for name, key in self.demo_keys.items()]
            lines += ["", "Refer a family (made up), then see where it went:", ""]
            lines.append(example_call(settings, self.demo_keys["referrer"]))
            lines.append(
                f"  curl -s {settings.agencies_url}/v1/events -H 'Authorization: Bearer {self.demo_keys['families-apart']}'"
            )
            lines.append("  ./waypost queues")
        if self.invitations:
            lines += [
                "",
                "Sign in: make yourself an account with an invitation (for a week, or until the next start):",
                "",
            ]
            lines += [f"  {label:<22} {address}" for label, address in self.invitations.items()]
        return "\n".join([*lines, ""])


AUDIENCES = {"referrals": "referrers", "routing": "agencies", "operations": "operations"}


def prepare(settings: Settings, names: list[str]) -> FirstStart:
    """Makes what the default lacks; says what it does, since the first time takes some seconds."""
    if not settings.database.startswith("sqlite"):
        return FirstStart({}, {}, None)
    lock = _alone(settings.data)
    _make_secrets(settings)
    _build_places(settings.data)
    for name in names:
        runtime = runtime_of(name, settings)
        migrate(runtime.store.database, migrations_of(name))
        runtime.store.database.close()
    return FirstStart(demo_keys(settings), demo_invitations(settings, names), lock)


def _alone(data: Path) -> IO[str]:
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(
            f"waypost: another Waypost runs on {data}. Stop it, or name another folder in WAYPOST_DATA.",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    return lock


def _make_secrets(settings: Settings) -> None:
    for path in (settings.master_key_file, settings.internal_key_file):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.master_key_file.exists():
        create_key_file(settings.master_key_file)
    if not settings.internal_key_file.exists():
        write_secret(settings.internal_key_file, secrets.token_urlsafe(32))


def _build_places(data: Path) -> None:
    if (data / "places" / "postcodes.index").exists():
        return
    from services.commands.places import build

    build(data)
