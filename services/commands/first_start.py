"""What a start needs before services run. With the default's settings all of it is made here, once: keys, places, databases.

At scale it is made by `waypost migrate` and by whoever keeps the secrets; then a start only checks.
"""

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import typer

from services.catalogue import migrations_of, runtime_of
from shared.database.migrations import migrate
from shared.http.stored_keys import create_key
from shared.privacy.keyfile import create_key_file
from shared.settings import Settings

DEMO_KEYS = {
    "referrer": ("referrals", "demo-school", ["referrals:write", "referrals:read"]),
    "families-apart": ("routing", "families-apart", ["events:read", "tasks:read", "tasks:write"]),
    "time-matters": ("routing", "time-matters", ["events:read", "tasks:read", "tasks:write"]),
    "operations": ("operations", "demo-operations", ["operations:read", "operations:write"]),
}


@dataclass
class FirstStart:
    """What was made, and the lock that keeps a second process away from the same files."""

    demo_keys: dict[str, str]
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
        return "\n".join([*lines, ""])


AUDIENCES = {"referrals": "referrers", "routing": "agencies", "operations": "operations"}

EXAMPLE = {
    "kind": "family-support",
    "referrer": {
        "type": "school",
        "name": "Test Teacher",
        "role": "Pastoral lead",
        "organisation": "Test School",
        "email": "teacher@example.org",
    },
    "children": [
        {
            "first_name": "Test",
            "last_name": "Child",
            "date_of_birth": "2017-03-14",
            "told": "partly",
            "school": {"postcode": "KT3 4LT"},
        }
    ],
    "relative": {"relationship": "parent", "stage": "sentenced"},
    "home": {"postcode": "KT1 1AA"},
    "family_contact": {
        "name": "Test Parent",
        "relationship": "mother",
        "telephone": "01632 960001",
        "safe_contact": {"telephone": {"safe": True, "message": False, "text": False, "name_organisation": False}},
    },
    "needs": ["telling-the-children"],
    "consent": {
        "given_by": "parent-or-carer",
        "name": "Test Parent",
        "method": "verbal",
        "given_at": "2026-11-20T10:00:00Z",
        "wording_version": "2026-11",
        "agencies": ["families-apart"],
        "child_view": "agrees",
    },
}


def example_call(settings: Settings, key: str) -> str:
    """A referral as one `curl`, to be pasted into a shell."""
    return (
        f"  curl -s {settings.public_url}/v1/referrals -H 'Authorization: Bearer {key}' \\\n"
        f"    -H 'Content-Type: application/json' -d '{json.dumps(EXAMPLE)}'"
    )


def prepare(settings: Settings, names: list[str]) -> FirstStart:
    """Makes what the default lacks; says what it does, since the first time takes some seconds."""
    if not settings.database.startswith("sqlite"):
        return FirstStart({}, None)
    lock = _alone(settings.data)
    _make_secrets(settings)
    _build_places(settings.data)
    for name in names:
        runtime = runtime_of(name, settings)
        migrate(runtime.store.database, migrations_of(name))
        runtime.store.database.close()
    return FirstStart(_demo_keys(settings), lock)


def _alone(data: Path) -> IO[str]:
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        typer.echo(
            f"waypost: another Waypost runs on {data}. Stop it, or name another folder in WAYPOST_DATA.", err=True
        )
        raise typer.Exit(2) from None
    return lock


def _make_secrets(settings: Settings) -> None:
    for path in (settings.master_key_file, settings.internal_key_file):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.master_key_file.exists():
        create_key_file(settings.master_key_file)
    if not settings.internal_key_file.exists():
        _write_secret(settings.internal_key_file, secrets.token_urlsafe(32))


def _write_secret(path: Path, text: str) -> None:
    half = path.with_name(path.name + ".new")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _build_places(data: Path) -> None:
    from services.commands.places import build

    if not (data / "places" / "postcodes.index").exists():
        build(data)


def _demo_keys(settings: Settings) -> dict[str, str]:
    path = settings.data / "keys" / "demo.json"
    if path.exists():
        keys: dict[str, str] = json.loads(path.read_text())
        return keys
    made = {}
    for audience, (service, owner, scopes) in DEMO_KEYS.items():
        runtime = runtime_of(service, settings)
        migrate(runtime.store.database, migrations_of(service))
        made[audience] = create_key(runtime.store, owner, scopes, "demo")
        runtime.store.database.close()
    _write_secret(path, json.dumps(made, indent=1))
    return made
