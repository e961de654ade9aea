"""`waypost backup`: every service's database as it was at one moment, while services run."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from shared.settings import SERVICES, Settings

MANIFEST = "backup.json"
PART = "backup"
PROBE = b"waypost"

app = typer.Typer()


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet, or is empty.")],
) -> None:
    """Copy the databases of all services into a folder, all as they were at one moment. Services go on meanwhile.

    The master key file is not in it, on purpose: together they can be read by whoever finds them. Keep a copy of it
    apart. What is erased later is still in this backup: keep backups for weeks, not for years.

    Example: `waypost backup /backups/2026-11-21`
    """
    from shared.clock import SystemClock
    from shared.database.copying import CopyFailed, copy
    from shared.privacy.keyfile import KeyringError
    from shared.privacy.keyring import Keyring
    from shared.version import VERSION

    settings = Settings.from_environment()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        _end(f"{folder} is not empty. Name a new folder for each backup.")
    try:
        keyring = Keyring.from_file(settings.master_key_file)
        taken_at = SystemClock().now()
        files = copy({name: settings.database_url(name) for name in SERVICES}, folder)
    except (CopyFailed, KeyringError) as error:
        _end(str(error))
    manifest = {
        "taken_at": taken_at.isoformat(),
        "version": VERSION,
        "files": {name: {"name": path.name, "sha256": digest(path)} for name, path in files.items()},
        "probe": base64.b64encode(keyring.seal(PART, PROBE)).decode(),
    }
    text = json.dumps(manifest, indent=1)
    with os.fdopen(os.open(folder / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    typer.echo(f"{folder} holds all {len(files)} databases as they were at {taken_at:%Y-%m-%d %H:%M:%S} UTC.")
    typer.echo(f"Keep {settings.master_key_file} too, but apart from it: without that nothing personal can be read.")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _end(sentence: str) -> None:
    typer.echo(f"waypost: {sentence}", err=True)
    raise typer.Exit(1)
